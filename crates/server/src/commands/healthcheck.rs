//! `recado-server healthcheck`

use std::error::Error;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use anyhow::{Context as _, anyhow, ensure};
use clap::Args;
use recado_server::config::ConfigArgs;
use reqwest::{Client, redirect};
use url::Url;

use super::say;

/// Longest that the answer may take.
const TIMEOUT: Duration = Duration::from_secs(3);

#[derive(Args)]
pub(crate) struct HealthcheckArgs {
    /// Base URL of the server, or its `/readyz` [default: the listen address, on this machine]
    #[arg(long)]
    url: Option<Url>,
}

/// Asks the server whether it is ready; fails if it is not, or does not answer within three seconds.
pub(crate) async fn run(config: &ConfigArgs, args: HealthcheckArgs) -> anyhow::Result<()> {
    let asked = tokio::time::timeout(TIMEOUT, ask(config, args.url));
    asked
        .await
        .context("not ready: the server does not answer within 3 seconds")??;
    say("ready");
    Ok(())
}

async fn ask(config: &ConfigArgs, url: Option<Url>) -> anyhow::Result<()> {
    let base = match url {
        Some(url) => base(url),
        None => format!("http://{}", reachable(config.listen.resolve().await?)?),
    };
    let client = Client::builder()
        .no_proxy()
        .redirect(redirect::Policy::none())
        .build()?;
    let answered = client.get(format!("{base}/readyz")).send().await;
    let status = answered.map_err(|error| unreached(&error))?.status();
    ensure!(
        status.is_success(),
        "not ready: the server answers {}",
        status.as_u16()
    );
    Ok(())
}

/// Returns the base of a URL that may have been pasted with one of the paths of a check.
fn base(mut url: Url) -> String {
    url.set_query(None);
    url.set_fragment(None);
    let path = url.path().trim_end_matches('/');
    let checks = ["/readyz", "/healthz"];
    let base = checks.iter().find_map(|check| path.strip_suffix(check));
    let base = base.unwrap_or(path).to_owned();
    url.set_path(&base);
    url.as_str().trim_end_matches('/').to_owned()
}

/// Returns the address at which this machine reaches a server that listens there.
fn reachable(listen: SocketAddr) -> anyhow::Result<SocketAddr> {
    ensure!(
        listen.port() != 0,
        "RECADO_LISTEN does not name a port: say with --url where the server is"
    );
    let ip = match listen {
        SocketAddr::V4(address) if address.ip().is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        SocketAddr::V6(address) if address.ip().is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        address => return Ok(address),
    };
    Ok(SocketAddr::new(ip, listen.port()))
}

/// Returns an error with the innermost cause alone.
fn unreached(error: &reqwest::Error) -> anyhow::Error {
    // The outer texts of reqwest show the URL, which may have a password.
    let mut cause: &dyn Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    anyhow!("not ready: the server does not answer: {cause}")
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("http://127.0.0.1:8080", "http://127.0.0.1:8080")]
    #[case("http://127.0.0.1:8080/", "http://127.0.0.1:8080")]
    #[case("http://127.0.0.1:8080/readyz", "http://127.0.0.1:8080")]
    #[case("http://127.0.0.1:8080/readyz/?verbose#x", "http://127.0.0.1:8080")]
    #[case("http://127.0.0.1:8080/healthz", "http://127.0.0.1:8080")]
    #[case("https://example.com/recado/readyz", "https://example.com/recado")]
    #[case("https://readyz/", "https://readyz")]
    fn a_url_may_have_the_path_of_a_check(#[case] pasted: Url, #[case] asked: &str) {
        assert_eq!(base(pasted), asked);
    }

    #[rstest]
    #[case("0.0.0.0:8080", "127.0.0.1:8080")]
    #[case("[::]:8080", "[::1]:8080")]
    #[case("10.0.0.7:80", "10.0.0.7:80")]
    fn a_server_that_listens_everywhere_is_asked_on_this_machine(
        #[case] listen: SocketAddr,
        #[case] asked: SocketAddr,
    ) {
        assert_eq!(reachable(listen).expect("a port"), asked);
        assert!(reachable(SocketAddr::new(listen.ip(), 0)).is_err());
    }
}
