//! No secret and no customer's number leaves the gateway by an answer, the log or the files of the database.

mod story;

use std::fs;
use std::path::Path;

use recado_sandbox::{Account, TokenState};
use recado_tests::binaries::providers;
use recado_tests::prelude::*;
use reqwest::RequestBuilder;
use rstest::rstest;
use tempfile::TempDir;

const ACCESS_TOKEN: &str = "EAAGqqAccessTokenZ1";
const APP_SECRET: &str = "qqAppSecretZ2";
const VERIFY_TOKEN: &str = "qqVerifyTokenZ3";
const INSTANCE_ID: &str = "qqInstanceIdZ4";
const INSTANCE_TOKEN: &str = "qqInstanceTokenZ5";
const CLIENT_TOKEN: &str = "qqClientTokenZ6";
const WRONG_CLIENT_TOKEN: &str = "qqWrongClientTokenZ7";
const API_KEY: &str = "qqApiKeyZ8";
/// In bodies that are refused, and never right.
const MISPLACED: &str = "qqMisplacedZ9";

const CREDENTIALS: [&str; 9] = [
    ACCESS_TOKEN,
    APP_SECRET,
    VERIFY_TOKEN,
    INSTANCE_ID,
    INSTANCE_TOKEN,
    CLIENT_TOKEN,
    WRONG_CLIENT_TOKEN,
    API_KEY,
    MISPLACED,
];

/// A master key.
const KEY: &str = "cXFNYXN0ZXJLZXlaMTAgd2l0aCAzMiBieXRlcyAuLi4=";

/// What the customer is told; the database keeps it, the log does not.
const CONTENT: [&str; 5] = [
    "qqHeaderText",
    "qqBodyText",
    "qqFooterText",
    "qqButtonId",
    "qqButtonTitle",
];

fn accounts() -> [Account; 3] {
    [
        Account::Whatsapp {
            access_token: ACCESS_TOKEN.into(),
            phone_number_id: "800000000000001".into(),
            display_phone_number: "15550001111".into(),
            token_state: TokenState::Valid,
            registered: true,
        },
        Account::Zapi {
            instance_id: INSTANCE_ID.into(),
            instance_token: INSTANCE_TOKEN.into(),
            client_token: Some(CLIENT_TOKEN.into()),
        },
        Account::Zapperhub {
            instance_id: "inst_5f2c".into(),
            api_key: API_KEY.into(),
        },
    ]
}

fn credentials(provider: &str) -> Value {
    match provider {
        "whatsapp" => {
            json!({"phoneNumberId": "800000000000001", "accessToken": ACCESS_TOKEN, "appSecret": APP_SECRET, "verifyToken": VERIFY_TOKEN})
        }
        "zapi" => {
            json!({"instanceId": INSTANCE_ID, "instanceToken": INSTANCE_TOKEN, "clientToken": CLIENT_TOKEN})
        }
        _ => json!({"instanceId": "inst_5f2c", "apiKey": API_KEY}),
    }
}

fn message(conversation: &str) -> Value {
    let [header, body, footer, id, title] = CONTENT;
    json!({
        "agentId": "agent-123", "conversationId": conversation,
        "header_text": header, "body_text": body, "footer_text": footer, "button_1_id": id, "button_1_title": title,
    })
}

/// A client that remembers every answer.
struct Recorder {
    client: Client,
    answers: Vec<Answer>,
}

impl Recorder {
    /// Makes a request whose answer has that status.
    async fn request(&mut self, request: RequestBuilder, status: u16) -> Answer {
        let answer = answer(request).await;
        self.answers.push(answer.clone());
        assert_eq!(answer.status.as_u16(), status, "{}", answer.text);
        answer
    }

    async fn post(&mut self, path: &str, body: Value, status: u16) -> Value {
        let request = self.client.request(Method::POST, path).json(&body);
        self.request(request, status).await.body
    }

    async fn patch(&mut self, path: &str, body: Value, status: u16) -> Value {
        let request = self.client.request(Method::PATCH, path).json(&body);
        self.request(request, status).await.body
    }

    async fn get(&mut self, path: &str, status: u16) -> Value {
        let request = self.client.request(Method::GET, path);
        self.request(request, status).await.body
    }

    async fn send(&mut self, conversation: &str, status: u16) -> Value {
        self.post(SEND, message(conversation), status).await
    }

    async fn check(&mut self, channel: &str) -> Value {
        let path = format!("/channels/{channel}/check");
        self.post(&path, json!({}), 200).await["state"].take()
    }

    async fn show(&mut self, message: &Value) {
        self.get(&format!("/messages/{}", text(message)), 200).await;
    }
}

/// Everything in the folder but the file of the master key, by name.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(folder).expect("the folder");
    let files = entries.map(|entry| {
        let entry = entry.expect("an entry");
        let name = entry.file_name().into_string().expect("text");
        (name, fs::read(entry.path()).expect("a file"))
    });
    files.filter(|(name, _)| name != "recado.db.key").collect()
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes
        .windows(text.len())
        .any(|window| window == text.as_bytes())
}

#[track_caller]
fn assert_holds_none(place: &str, bytes: &[u8], secrets: &[&str]) {
    for secret in secrets {
        assert!(!holds(bytes, secret), "{place} holds {secret}");
    }
}

/// Makes a database and an operator key as an operator does, and gives the key with what was logged.
async fn create_operator_key(environment: &[(&str, &str)]) -> (String, String) {
    let migrated = run("migrate", environment).await;
    let created = run("operator-key create", environment).await;
    let log = [&*migrated.stderr, &created.stderr].concat();
    (created.succeeded().trim().to_owned(), log)
}

#[rstest]
#[case::debug("debug")]
#[case::trace("trace")]
#[tokio::test]
async fn no_secret_is_in_an_answer_the_log_or_the_database(#[case] level: &str) {
    let folder = TempDir::new().expect("a folder");
    let database = format!("sqlite:{}", folder.path().join("recado.db").display());
    let (sandbox, urls) = world::sandbox().await;
    for account in accounts() {
        sandbox.add_account(account);
    }
    let environment = [("RECADO_DATABASE_URL", &*database), ("RECADO_LOG", level)];
    let (operator_key, mut log) = create_operator_key(&environment).await;
    let environment = [&environment[..], &providers(&urls)].concat();
    let server = Server::start(&environment).await.expect("a server");
    let operator = Client::new(&server.url, &operator_key);
    let api_key = organization(&operator, "demo").await;

    let mut recorder = Recorder {
        client: operator.with_key(&api_key),
        answers: Vec::new(),
    };
    story::use_it(&mut recorder).await;
    story::fail(&mut recorder, &sandbox).await;
    story::misplace(&mut recorder).await;
    let keys = recorder.get("/organizations/demo/api-keys", 200).await;
    assert_eq!(entries(&keys).len(), 1);
    // Shown to its own organization alone.
    let channel = recorder.get("/channels/zapperhub", 200).await;
    let webhook_secret = text(&channel["webhookSecret"]);

    let callbacks = Callbacks::of(&recorder.client, &server.url).await;
    call_back(&callbacks).await;
    let (_, url_secret) = callbacks.path("zapi").rsplit_once('/').expect("a secret");

    let mut files_of_database = files(folder.path());
    log += &server.stop().await.expect("an orderly end");
    files_of_database.extend(files(folder.path()));
    let key_file = folder.path().join("recado.db.key");
    let master_key = fs::read_to_string(key_file).expect("the key beside the database");

    let keys = [&*operator_key, &*api_key, master_key.trim()];
    let never = [&CREDENTIALS[..], &keys].concat();
    for answer in &recorder.answers {
        let answer = format!("{:?} {}", answer.headers, answer.text);
        assert_holds_none(&answer, answer.as_bytes(), &never);
    }
    let mut stored = files_of_database.iter();
    assert!(stored.any(|(name, _)| name == "recado.db-wal"));
    for content in CONTENT {
        let mut stored = files_of_database.iter();
        let is_found = stored.any(|(_, bytes)| holds(bytes, content));
        assert!(is_found, "the search finds {content}, which is there");
    }
    let never = [&never[..], &[webhook_secret, url_secret]].concat();
    for (name, bytes) in &files_of_database {
        assert_holds_none(name, bytes, &never);
    }
    let never = [&never[..], &CONTENT, &[CUSTOMER]].concat();
    for part in ["message accepted", "answered"] {
        assert_contains(&log, part);
    }
    for line in log.lines() {
        assert_holds_none(line, line.as_bytes(), &never);
    }
}

/// The providers call, with and without proof, and with what cannot be read.
async fn call_back(callbacks: &Callbacks) {
    let mut text = Text::from(CUSTOMER);
    CONTENT[1].clone_into(&mut text.body);
    let mut body = zapi(&text);
    body["instanceId"] = INSTANCE_ID.into();
    for (provider, body) in [("zapi", body), ("zapperhub", zapperhub(&text))] {
        callbacks.deliver(provider, &body).await;
        let unreadable = format!("{{{CUSTOMER} {}", CONTENT[1]);
        let kept = answer(callbacks.call(provider, unreadable)).await;
        assert_eq!(kept.status, 200, "{}", kept.text);
        let lost = format!("{}x", callbacks.path(provider));
        let lost = answer(callbacks.unproved(&lost, body.to_string())).await;
        assert_eq!(lost.status, 404, "{}", lost.text);
    }
    for provider in ["whatsapp", "zapperhub"] {
        let call = callbacks.unproved(callbacks.path(provider), zapi(&text).to_string());
        assert_eq!(answer(call).await.status, 401, "{provider}");
    }
}

#[rstest]
#[case::database_away("migrate", "postgres://recado:qqMisplacedZ9@127.0.0.1:1/recado", KEY)]
#[case::database_unknown("serve", "mysql://recado:qqMisplacedZ9@127.0.0.1/recado", KEY)]
#[case::key_malformed("serve", "postgres://127.0.0.1:1/recado", MISPLACED)]
#[case::help(
    "--help",
    "postgres://recado:qqMisplacedZ9@127.0.0.1:1/recado",
    MISPLACED
)]
#[case::check(
    "check-config",
    "postgres://recado:qqMisplacedZ9@127.0.0.1:1/recado?password=qqMisplacedZ9",
    KEY
)]
#[tokio::test]
async fn no_secret_of_the_configuration_is_shown(
    #[case] arguments: &str,
    #[case] database: &str,
    #[case] key: &str,
) {
    let proxy = format!("https://recado:{MISPLACED}@proxy.example/");
    let environment = [
        ("RECADO_PUBLIC_URL", &*proxy),
        ("RECADO_DATABASE_URL", database),
        ("RECADO_MASTER_KEY", key),
        ("RECADO_LOG", "trace"),
    ];
    let output = run(arguments, &environment).await;
    assert_eq!(output.code == 0, arguments == "--help");
    let shown = [output.stdout, output.stderr].concat();
    assert!(!shown.is_empty());
    assert_holds_none("the output", shown.as_bytes(), &[MISPLACED, KEY]);
}
