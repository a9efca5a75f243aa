//! Names are bounded, so that a list of a hundred things fits into memory.

use recado_tests::prelude::*;

#[tokio::test]
async fn a_name_of_256_characters_is_taken_and_a_longer_or_an_invisible_one_is_not() {
    let world = World::start().await;
    for (method, path, client) in [
        (Method::POST, "/organizations", &world.operator),
        (
            Method::POST,
            "/organizations/demo/api-keys",
            &world.operator,
        ),
        (Method::POST, "/agents", &world.client),
        (Method::POST, "/channels", &world.client),
        (Method::PATCH, "/channels/zapi", &world.client),
    ] {
        let name = async |name: &str| {
            let mut body = json!({"name": name});
            if path == "/channels" {
                body["provider"] = "zapi".into();
                body["credentials"] = json!({"instanceId": "x", "instanceToken": "instance-token"});
            }
            answer(client.request(method.clone(), path).json(&body)).await
        };
        let too_long = "Has 257 characters; at most 256 are allowed";
        for (given, fault) in [
            (&*"é".repeat(257), too_long),
            ("\u{200b}", "Must not be blank"),
        ] {
            let refused = name(given).await;
            refused.refused(400, "invalid_body");
            let faults = &refused.body["details"]["name"]["_errors"];
            assert_eq!(*faults, json!([fault]), "{method} {path}");
        }
        let taken = name(&"é".repeat(256)).await;
        let text = &taken.text;
        assert!(taken.status.is_success(), "{method} {path}: {text}");
    }
}
