//! Names are bounded, so that a list of a hundred things fits into memory.

use recado_tests::prelude::*;
use rstest::rstest;

#[rstest]
#[case::organization(Method::POST, "/organizations", true)]
#[case::key(Method::POST, "/organizations/demo/api-keys", true)]
#[case::agent(Method::POST, "/agents", false)]
#[case::new_channel(Method::POST, "/channels", false)]
#[case::channel(Method::PATCH, "/channels/zapi", false)]
#[tokio::test]
async fn a_name_of_257_characters_is_refused_and_one_of_256_is_taken(
    #[case] method: Method,
    #[case] path: &str,
    #[case] by_operator: bool,
) {
    let world = World::start().await;
    let client = if by_operator {
        &world.operator
    } else {
        &world.client
    };
    for (characters, taken) in [(257, false), (256, true)] {
        let mut body = json!({"name": "é".repeat(characters)});
        if path == "/channels" {
            body["provider"] = "zapi".into();
            body["credentials"] = json!({"instanceId": "x", "instanceToken": "instance-token"});
        }
        let request = client.request(method.clone(), path).json(&body);
        let answer = answer(request).await;
        assert_eq!(answer.status.is_success(), taken, "{}", answer.text);
        if !taken {
            answer.refused(400, "invalid_body");
            let said = &answer.body["details"]["name"]["_errors"][0];
            assert_eq!(said, "Has 257 characters; at most 256 are allowed");
        }
    }
}
