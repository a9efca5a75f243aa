//! What holds on every route: how lists are read on, how paths are written, how changes and deletions answer.

use recado_tests::prelude::*;
use reqwest::header::CONTENT_TYPE;

/// Every list of an organization: the documented GETs that take a cursor and have an end.
fn lists() -> Vec<String> {
    let document = serde_json::to_value(recado_server::openapi()).expect("JSON");
    let paths = document["paths"].as_object().expect("paths").iter();
    let lists = paths.filter(|(path, item)| {
        let parameters = item["get"]["parameters"].as_array().into_iter().flatten();
        let mut names = parameters.map(|parameter| &parameter["name"]);
        names.any(|name| name == "cursor") && *path != "/organizations" && *path != "/events/stream"
    });
    let conversation = "/conversations/conv-456";
    let lists = lists.map(|(path, _)| path.replace("/conversations/{id}", conversation));
    let lists: Vec<_> = lists.filter(|list| !list.contains('{')).collect();
    assert!(lists.len() >= 9, "{lists:?}");
    lists
}

#[tokio::test]
async fn every_list_is_read_on_with_its_cursor() {
    let world = World::start().await;
    for _ in 0..2 {
        world.client.accepted(smallest_body("conv-456")).await;
    }
    for list in lists() {
        let first = world.client.read(&format!("{list}?limit=1")).await;
        let Some(cursor) = first["nextCursor"].as_str() else {
            assert!(first["nextCursor"].is_null(), "{list}: {first}");
            continue;
        };
        for name in ["cursor", "after"] {
            let path = format!("{list}?limit=1&{name}={cursor}");
            let second = world.client.read(&path).await;
            assert_ne!(first["data"], second["data"], "{path}");
        }
    }
}

#[tokio::test]
async fn a_misspelled_parameter_is_refused_except_on_chatvolts_routes() {
    let world = World::start().await;
    for list in lists().into_iter().chain(["/events/stream".to_owned()]) {
        let path = format!("{list}?limti=1");
        // The key is checked first.
        let stranger = world.client.with_key("rcd_other").get(&path).await;
        stranger.refused(401, "unauthorized");
        let answer = world.client.get(&path).await;
        // ChatVolt has this route: a client that was written for it may say more than Recado knows.
        if list == "/agents" {
            answer.expect(200);
            continue;
        }
        answer.refused(400, "invalid_query");
        let faults = json!(["Is not a parameter of this route; did you mean limit?"]);
        assert_eq!(answer.body["details"]["limti"]["_errors"], faults, "{list}");
    }
}

/// Routes that ChatVolt has too, and routes that no caller of ours uses.
const LENIENT: [&str; 13] = [
    "/agents",
    "/agents/{id}",
    "/conversation/message/{type}/{value}",
    "/conversation/{id}",
    "/healthz",
    "/media/{organizationId}/{messageId}/{proof}",
    "/messages/interactive/send-buttons",
    "/messages/interactive/send-cta",
    "/messages/interactive/send-location",
    "/messages/interactive/location-request",
    "/messages/interactive/send-lists",
    "/readyz",
    "/sessions",
];

#[tokio::test]
async fn a_parameter_that_a_route_does_not_have_is_refused_by_every_route_of_recados_own() {
    let world = World::start().await;
    let owner = people::session_of_role(&world, "demo", "owner").await;
    let callers = [&world.client, &world.operator, &owner];
    let document = serde_json::to_value(recado_server::openapi()).expect("JSON");
    let paths = document["paths"].as_object().expect("paths");
    let is_own = |path: &str| !LENIENT.contains(&path) && !path.starts_with("/webhooks/");
    for (path, item) in paths.iter().filter(|(path, _)| is_own(path)) {
        for method in item.as_object().expect("an item").keys() {
            let takes_dry_run = item[method].to_string().contains("\"dryRun\"");
            let parameter = if takes_dry_run {
                "?dryRunOf=true"
            } else {
                "?dryRun=true"
            };
            let url = path.replace("{id}", "demo").replace(['{', '}'], "") + parameter;
            let mut errors = Vec::new();
            for caller in callers {
                let method = method.to_uppercase().parse().expect("a method");
                let request = caller.request(method, &url).json(&json!({}));
                errors.push(answer(request).await.error());
            }
            let refused = (400, "invalid_query".to_owned());
            assert!(errors.contains(&refused), "{method} {path}: {errors:?}");
        }
    }
}

#[tokio::test]
async fn a_filter_by_an_id_that_does_not_exist_is_an_error_and_by_one_without_entries_is_not() {
    let world = World::start().await;
    for (path, noun) in [
        ("/conversations?agentId=agent-9", "agent"),
        ("/conversations?channelId=channel-9", "channel"),
        ("/events?conversationId=conv-9", "conversation"),
        ("/events/stream?conversationId=conv-9", "conversation"),
    ] {
        let refused = world.client.get(path).await;
        refused.refused(404, &format!("{noun}_not_found"));
    }
    let agent = json!({"id": "agent-of-none", "name": "New"});
    world.client.create("/agents", agent).await;
    for path in [
        "/conversations?agentId=agent-of-none",
        "/events?conversationId=conv-zapi",
    ] {
        let listed = world.client.read(path).await;
        assert_eq!(listed["data"], json!([]), "{path}");
    }
    // A channel that is deleted leaves its conversations.
    world.client.remove("/channels/zapi").await;
    let path = "/conversations?channelId=zapi";
    let listed = world.client.read(path).await;
    assert_eq!(listed["data"][0]["id"], "conv-zapi");
}

#[tokio::test]
async fn a_cursor_beyond_the_newest_event_is_refused() {
    let world = World::start().await;
    world.client.accepted(smallest_body("conv-456")).await;
    let listed = world.client.read("/events?limit=1000").await;
    let newest = id(entries(&listed).last().expect("an event"));
    let path = format!("/events?cursor={newest}");
    assert_eq!(world.client.read(&path).await["data"], json!([]));
    let beyond = "evt_0fffffffffffffff";
    for path in ["/events", "/events/stream"] {
        let refused = world.client.get(&format!("{path}?cursor={beyond}")).await;
        refused.refused(400, "invalid_query");
        let fault = &refused.body["details"]["cursor"]["_errors"][0];
        assert_contains(text(fault), newest);
    }
    let request = world.client.request(Method::GET, "/events/stream");
    let refused = answer(request.header("last-event-id", beyond)).await;
    let fault = &refused.body["details"]["Last-Event-ID"];
    assert!(fault.is_object(), "{}", refused.text);
}

#[tokio::test]
async fn a_slash_at_the_end_of_a_path_means_nothing() {
    let world = World::start().await;
    for list in lists() {
        world.client.read(&format!("{list}/?limit=1")).await;
    }
    let path = "/api/messages/interactive/send-buttons/";
    world.client.act(path, smallest_body("conv-zapi")).await;
    world.client.read("/conversations/conv-456//").await;
    world.client.get("/nowhere/").await.expect(404);
}

#[tokio::test]
async fn the_root_leads_to_the_documentation() {
    let world = World::start().await;
    for path in ["", "/", "/docs", "/docs/"] {
        let url = format!("{}{path}", world.url);
        let shown = answer(world.client.http.get(url)).await;
        let documentation = format!("{}/docs/", world.url);
        assert_eq!(
            (shown.status.as_u16(), shown.url),
            (200, documentation),
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_change_without_a_body_is_refused() {
    let world = World::start().await;
    let endpoint = json!({"url": "https://example.com/hook"});
    let endpoint = world.client.create("/webhook-endpoints", endpoint).await;
    let endpoint = format!("/webhook-endpoints/{}", id(&endpoint));
    let user = json!({"email": "ana@example.com", "name": "Ana", "role": "viewer"});
    let user = world.client.create("/users", user).await;
    for path in [
        "/channels/zapi",
        &endpoint,
        &format!("/users/{}", id(&user)),
    ] {
        let request = || world.client.request(Method::PATCH, path);
        for request in [
            request(),
            request().header(CONTENT_TYPE, "application/json"),
        ] {
            let refused = answer(request).await;
            refused.refused(400, "invalid_body");
            refused.says("send the fields to change");
        }
    }
}

#[tokio::test]
async fn the_deletion_of_an_agent_answers_as_chatvolt_does_and_others_answer_nothing() {
    let world = World::start().await;
    world.client.agent("A9").await;
    let deleted = world.client.delete("/agents/A9").await;
    assert_eq!(deleted.expect(200), json!({"success": true}));
    world.client.delete("/agents/A9").await.expect(404);
    let deleted = world.client.delete("/channels/zapi").await;
    assert_eq!((deleted.status.as_u16(), deleted.body), (204, Value::Null));
}
