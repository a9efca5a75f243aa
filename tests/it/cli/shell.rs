//! A shell in which `recado` runs, and the organization that the tests work in.

use std::process::Stdio;

use recado_sandbox::{Account, Sandbox, TokenState, Urls};
use recado_tests::binaries::{Ran, command, providers};
use recado_tests::prelude::*;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

/// Credentials that cannot be part of anything else that is printed.
pub(super) const SECRETS: [(&str, &str); 7] = [
    ("RECADO_WHATSAPP_PHONE_NUMBER_ID", "800000000000009"),
    ("RECADO_WHATSAPP_ACCESS_TOKEN", "EAAG-of-the-shop"),
    ("RECADO_ZAPI_INSTANCE_ID", "INSTANCE-of-the-shop"),
    ("RECADO_ZAPI_INSTANCE_TOKEN", "TOKEN-of-the-shop"),
    ("RECADO_ZAPI_CLIENT_TOKEN", "CLIENT-of-the-shop"),
    ("RECADO_ZAPPERHUB_INSTANCE_ID", "inst_shop"),
    ("RECADO_ZAPPERHUB_API_KEY", "APIKEY-of-the-shop"),
];

/// Provider, channel and conversation, as the README names them.
pub(super) const NUMBERS: [(&str, &str, &str); 3] = [
    ("whatsapp", "main", "conv-456"),
    ("zapi", "support", "conv-zapi"),
    ("zapperhub", "sales", "conv-zapperhub"),
];

/// The binary with the environment of one shell.
#[derive(Clone, Default)]
pub(super) struct Shell {
    environment: Vec<(String, String)>,
}

impl Shell {
    /// A shell of that server with that key.
    pub(super) fn of(world: &World, key: &str) -> Self {
        let shell = Self::default().set("RECADO_SERVER", &world.url);
        shell.set("RECADO_KEY", key)
    }

    pub(super) fn set(mut self, name: &str, value: &str) -> Self {
        self.environment.retain(|(known, _)| known != name);
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(super) fn with_credentials(self) -> Self {
        self.set_all(&SECRETS)
    }

    pub(super) fn leading_to(self, sandbox: &Urls) -> Self {
        self.set_all(&providers(sandbox))
    }

    fn set_all(self, variables: &[(&str, &str)]) -> Self {
        let add = |shell: Self, (name, value): &(&str, &str)| shell.set(name, value);
        variables.iter().fold(self, add)
    }

    pub(super) fn environment(&self) -> &[(String, String)] {
        &self.environment
    }

    pub(super) fn command(&self, words: &[&str]) -> Command {
        let mut command = command("recado").expect("the binary");
        command
            .args(words)
            .envs(self.environment.clone())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub(super) async fn run(&self, words: &[&str]) -> Ran {
        self.feed(words, "").await
    }

    /// Runs a line of words without spaces.
    pub(super) async fn line(&self, line: &str) -> Ran {
        self.run(&line.split(' ').collect::<Vec<_>>()).await
    }

    /// Runs with a text on standard input.
    pub(super) async fn feed(&self, words: &[&str], stdin: &str) -> Ran {
        let mut command = self.command(words);
        let process = command.stdin(Stdio::piped()).spawn();
        let mut process = process.expect("a process");
        let mut pipe = process.stdin.take().expect("it is piped");
        // A command that does not read its input may be gone before it is written.
        pipe.write_all(stdin.as_bytes()).await.ok();
        drop(pipe);
        let output = soon("a program ends", process.wait_with_output()).await;
        Ran::of(&command, output.expect("an output"))
    }
}

/// An organization of its own, with a key in the environment of the shell.
pub(super) async fn shop(world: &World) -> Shell {
    add_accounts(&world.sandbox);
    let operator = world::operator_key(&world.store).await;
    let shell = Shell::of(world, &operator).with_credentials();
    let create = ["org", "create", "Loja Exemplo", "--id", "loja"];
    shell.run(&create).await.done();
    let key = shell.line("key create --org loja backend --quiet").await;
    let key = key.done();
    shell.set("RECADO_KEY", key.trim_end())
}

/// The accounts that [`SECRETS`] open.
pub(super) fn add_accounts(sandbox: &Sandbox) {
    let secret = |index: usize| SECRETS[index].1.to_owned();
    sandbox.add_account(Account::Whatsapp {
        phone_number_id: secret(0),
        access_token: secret(1),
        display_phone_number: "15550009999".to_owned(),
        token_state: TokenState::Valid,
        registered: true,
    });
    let client_token = Some(secret(4));
    sandbox.add_account(Account::Zapi {
        instance_id: secret(2),
        instance_token: secret(3),
        client_token,
    });
    sandbox.add_account(Account::Zapperhub {
        instance_id: secret(5),
        api_key: secret(6),
    });
}

/// Connects all three numbers and opens a conversation on each, as the README does.
pub(super) async fn connect(shell: &Shell) {
    let agent = ["agent", "create", "Front desk", "--id", "agent-123"];
    shell.run(&agent).await.done();
    for (provider, channel, conversation) in NUMBERS {
        let name = format!("Number of {provider}");
        let create = format!("channel create --provider {provider} --id {channel}");
        let words: Vec<_> = create.split(' ').chain([&*name]).collect();
        shell.run(&words).await.done();
        let create = format!(
            "conversation create --agent agent-123 --channel {channel} --id {conversation} --to"
        );
        let words: Vec<_> = create.split(' ').chain(["+55 11 90000-0001"]).collect();
        shell.run(&words).await.done();
    }
}
