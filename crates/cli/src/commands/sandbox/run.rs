//! `recado sandbox run`: the simulated providers, until Ctrl-C.

use std::net::SocketAddr;

use recado_sandbox::listen::ListenAddress;
use recado_sandbox::{Account, DEFAULT_ADDRESS, Provider, Sandbox, base_urls};
use serde_json::json;
use tokio::net::TcpListener;

use crate::credentials::variable;
use crate::{ExitCode, Failure, Output, Printer, Result, render::terminal};

#[derive(clap::Args)]
pub(super) struct RunArgs {
    /// Where to listen: an address, or a port alone; port 0 takes a free one [default: 127.0.0.1:8090]
    #[arg(long, value_name = "ADDRESS")]
    pub(super) listen: Option<ListenAddress>,
}

pub(super) async fn run(args: RunArgs, printer: Printer) -> Result<Output> {
    let own = |error: std::io::Error| Failure::Own(format!("cannot serve the sandbox: {error}"));
    let address = match args.listen {
        Some(address) => (address.resolve().await)
            .map_err(|error| Failure::Usage(format!("{error}; choose another with --listen")))?,
        None => DEFAULT_ADDRESS,
    };
    let listener = TcpListener::bind(address).await.map_err(|error| {
        Failure::Usage(format!(
            "cannot listen on {address} ({error}); choose another with --listen"
        ))
    })?;
    let address = listener.local_addr().map_err(own)?;
    let sandbox = Sandbox::new();
    if printer.print(&introduction(address, &sandbox.accounts())) != ExitCode::Ok {
        return Err(Failure::Own("cannot write to standard output".to_owned()));
    }
    let stop = terminal::interrupted();
    sandbox.serve(listener, stop).await.map_err(own)?;
    Ok(Output::none())
}

fn introduction(address: SocketAddr, accounts: &[Account]) -> Output {
    let urls = base_urls(address);
    let text = format!(
        "The sandbox listens on http://{address}; Ctrl-C ends it, http://{address}/ lists its routes.\n\
         \n\
         Paste this into another terminal:\n\
         \n\
         {}\n\
         {}\n\
         \n\
         Then send without a server, and look at the phone:\n\
         \n  {}\n  curl http://{address}/_sandbox/phone\n\
         \n\
         or connect the numbers to a server that runs with RECADO_ALLOW_PRIVATE_NETWORKS=true:\n\
         \n{}\n\
         \n\
         Let the server hear what customers do, and be the customer:\n\
         \n{}",
        of_providers(|provider| {
            let name = variable(provider.as_str(), "url");
            format!("  export {name}={}", urls.of(provider))
        }),
        of_providers(exports),
        "recado send buttons --direct zapi --to +5511900000001 --body 'How can we help you?' --button btn_sales=Sales",
        of_providers(|provider| {
            let (name, url) = (provider.as_str(), urls.of(provider));
            format!(
                "  recado channel create --provider {name} Sandbox --id sandbox-{name} --setting baseUrl={url}"
            )
        }),
        phone(address),
    );
    let json = json!({"listen": address, "urls": urls, "accounts": accounts});
    Output::said(json.to_string(), text)
}

/// Returns a line for each provider of channels; wuzapi is a dialect of `ZapperHUB`.
fn of_providers(line: impl Fn(Provider) -> String) -> String {
    let mut providers = Provider::ALL.to_vec();
    providers.retain(|provider| *provider != Provider::Wuzapi);
    let lines: Vec<_> = providers.into_iter().map(line).collect();
    lines.join("\n")
}

/// Returns the variables of the account that works; the others are there to fail.
fn exports(provider: Provider) -> String {
    let account = Account::working(provider);
    let credentials = account.credentials().into_iter();
    let variables =
        credentials.map(|(name, value)| format!(" {}={value}", variable(provider.as_str(), name)));
    format!("  export{}", variables.collect::<String>())
}

/// Returns the commands of the phone; the address is named unless it is their default.
fn phone(address: SocketAddr) -> String {
    let export =
        (address != DEFAULT_ADDRESS).then(|| format!("  export RECADO_SANDBOX=http://{address}\n"));
    let export = export.unwrap_or_default();
    // Meta takes a URL in its App Dashboard only, and Z-API https only: the sandbox is told itself.
    let connect = ["whatsapp", "zapi"].map(|name| {
        let url =
            format!("$(recado channel show sandbox-{name} --output json | jq -r .webhookUrl)");
        format!("  recado sandbox connect --provider {name} --url \"{url}\"\n")
    });
    format!(
        "{export}{}  \
         recado channel register-webhook sandbox-zapperhub\n  \
         recado sandbox say --provider whatsapp --from +5511900000001 'Hello'\n  \
         recado sandbox tap EXTERNAL_ID btn_sales",
        connect.concat(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::View;

    #[test]
    fn the_introduction_connects_all_three_providers() {
        let address = "127.0.0.1:8090".parse().unwrap();
        let output = introduction(address, &Sandbox::new().accounts());
        let View::Text(text) = &output.views[0] else {
            panic!("no text");
        };
        for line in [
            "export RECADO_ZAPI_URL=http://127.0.0.1:8090/zapi\n",
            "export RECADO_WHATSAPP_PHONE_NUMBER_ID=800000000000001 RECADO_WHATSAPP_ACCESS_TOKEN=T-WORKING RECADO_WHATSAPP_APP_SECRET=sim-app-secret-01 RECADO_WHATSAPP_VERIFY_TOKEN=verify-token-01\n",
            "export RECADO_ZAPI_INSTANCE_ID=INST-01 RECADO_ZAPI_INSTANCE_TOKEN=TOKEN-01 RECADO_ZAPI_CLIENT_TOKEN=CLIENT-TOKEN-01\n",
            "export RECADO_ZAPPERHUB_INSTANCE_ID=inst_5f2c RECADO_ZAPPERHUB_API_KEY=API-KEY-01\n",
            "--provider zapperhub Sandbox --id sandbox-zapperhub --setting baseUrl=http://127.0.0.1:8090/zapperhub",
            "\n  recado sandbox tap EXTERNAL_ID btn_sales",
        ] {
            assert!(text.contains(line), "{line} is not in\n{text}");
        }
        assert_eq!(text.matches("ACCESS_TOKEN=").count(), 1);
        assert!(!text.contains("RECADO_SANDBOX"), "{text}");
        let json: serde_json::Value = serde_json::from_str(&output.json).unwrap();
        assert_eq!(json["urls"]["whatsapp"], "http://127.0.0.1:8090/whatsapp");
    }

    #[test]
    fn another_address_is_named_for_the_phone() {
        let text = phone("127.0.0.1:9000".parse().unwrap());
        assert!(
            text.starts_with("  export RECADO_SANDBOX=http://127.0.0.1:9000\n"),
            "{text}"
        );
    }
}
