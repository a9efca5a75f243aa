//! Whatever a stranger writes, the server answers, and goes on.

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use recado_tests::prelude::*;
use recado_tests::wire::Wire;

mod callbacks;

/// Runs `check` on many inputs, in one world.
fn for_many<T: std::fmt::Debug>(
    cases: u32,
    inputs: &impl Strategy<Value = T>,
    check: &impl AsyncFn(&World, T) -> Result<(), TestCaseError>,
) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let world = runtime.block_on(furnished());
    let config = Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    };
    let mut runner =
        TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    runner
        .run(inputs, |input| runtime.block_on(check(&world, input)))
        .unwrap_or_else(|error| panic!("{error}"));
    runtime.block_on(assert_well(&world));
    let _inside = runtime.enter();
    drop(world);
}

/// A world with a channel of every kind.
async fn furnished() -> World {
    let world = World::start().await;
    world.open_wuzapi().await;
    world
}

/// The server is well afterwards, and so is what it does behind its answers.
async fn assert_well(world: &World) {
    let healthy = world.client.get("/readyz").await;
    assert_eq!(healthy.status, 200);
    let text = Text::from("5511955551234");
    let mut stream = EventStream::open(&world.client, "", None).await;
    let callbacks = world.callbacks().await;
    callbacks.deliver("zapi", &zapi(&text)).await;
    while !stream
        .next_event()
        .await
        .data
        .to_string()
        .contains(&text.body)
    {}
}

#[test]
fn whatever_comes_in_the_server_goes_on() {
    let beginnings = prop::sample::select(vec![
        "",
        "GET ",
        "GET /healthz HTTP/1.1\r\n",
        "POST /agents HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999999999999999\r\n\r\n",
        "POST /agents HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\n",
        "POST /agents HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
        "POST /agents HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\ncontent-length: 3\r\n\r\n",
        "GET http://[ HTTP/1.1\r\nhost: x\r\n\r\n",
        "GET //api//api/healthz?%%% HTTP/1.1\r\nauthorization: Bearer\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\n\r\n",
        "CONNECT host:80 HTTP/1.1\r\n\r\n",
    ]);
    let inputs = (beginnings, prop::collection::vec(any::<u8>(), 0..200));
    for_many(64, &inputs, &async |world, (beginning, bytes)| {
        let mut wire = Wire::connect(&world.url).await;
        wire.write(beginning).await;
        wire.write(bytes).await;
        wire.finish().await;
        let answer = wire.read_to_end().await;
        prop_assert!(!answer.contains("\"internal\""), "{answer}");
        Ok(())
    });
}

/// Any JSON, three levels deep, with texts that databases and headers dislike.
fn any_json() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        any::<String>(),
        Just("\0".to_owned()),
        Just("agent-123".to_owned()),
        Just("zapi".to_owned()),
        Just("\u{feff}\u{202e}\u{10ffff}".to_owned()),
        Just("x".repeat(5000)),
        "[0-9+() -]{0,20}",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        text.prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((any::<String>(), inner), 0..4)
                .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

/// Every route that reads a body, and one that it accepts.
fn routes() -> Vec<(Method, &'static str, Value)> {
    let zapi = credentials("zapi");
    vec![
        (Method::POST, SEND, smallest_body("conv-456")),
        (
            Method::POST,
            "/messages/interactive/send-buttons?dryRun=true",
            smallest_body("conv-zapi"),
        ),
        (Method::POST, "/agents", json!({"name": "x"})),
        (
            Method::POST,
            "/conversations",
            json!({"agentId": "agent-123", "channelId": "zapi", "to": "5511900000077"}),
        ),
        (
            Method::POST,
            "/channels",
            json!({"provider": "zapi", "name": "x", "credentials": zapi, "settings": {}}),
        ),
        (
            Method::PATCH,
            "/channels/zapi",
            json!({"name": "x", "credentials": zapi, "settings": {}}),
        ),
        (
            Method::POST,
            "/organizations/demo/api-keys",
            json!({"name": "x"}),
        ),
    ]
}

#[test]
fn no_json_body_makes_the_server_fail() {
    let fields = "agentId conversationId body_text header_text footer_text button_1_id button_1_title \
        button_2_id button_2_title id name provider settings credentials channelId to other";
    let fields = prop::sample::select(fields.split_whitespace().collect::<Vec<_>>());
    let route = prop::sample::select(routes());
    let changes = prop::collection::vec((fields, any_json()), 0..4);
    let inputs = (route, changes, prop::option::weighted(0.1, any_json()));
    for_many(256, &inputs, &async |world,
                                   (
        (method, path, mut body),
        changes,
        whole,
    )| {
        for (field, value) in changes {
            body[field] = value;
        }
        let body = whole.unwrap_or(body);
        let answer = answer(world.client.request(method.clone(), path).json(&body)).await;
        let is_well = answer.body.is_object() && answer.body["reason"] != "internal";
        prop_assert!(is_well, "{method} {path} {body}: {}", answer.text);
        Ok(())
    });
}

#[test]
fn no_id_in_a_path_makes_the_server_fail() {
    let paths = "/agents/ /channels/ /conversations/ /conversation/ /messages/ /organizations/demo/api-keys/ \
        /agents?after= /organizations/";
    let paths = prop::sample::select(paths.split_whitespace().collect::<Vec<_>>());
    let id = prop_oneof![
        any::<Vec<u8>>(),
        any::<String>().prop_map(String::into_bytes),
        Just(vec![b'x'; 3000])
    ];
    for_many(128, &(paths, id), &async |world, (path, id)| {
        let id = id
            .iter()
            .fold(String::new(), |text, byte| format!("{text}%{byte:02x}"));
        for method in [Method::GET, Method::DELETE] {
            let answer = answer(world.client.request(method.clone(), &format!("{path}{id}"))).await;
            let is_well = answer.body["reason"] != "internal";
            prop_assert!(is_well, "{method} {path}{id}: {}", answer.text);
        }
        Ok(())
    });
}
