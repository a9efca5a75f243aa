//! Databases of earlier programs are brought up to date, and lose nothing.

use recado_core::inbound::ReceivedContent;
use recado_core::{Content, Scopes};
use recado_store::testing::TestDatabase;
use recado_store::{ApiKey, ApiKeySecret, Message, MessageContent};
use sha2::{Digest as _, Sha256};

use crate::world::{ALL, World, at, by, id, ok, org, some};

#[tokio::test]
async fn the_keys_of_before_keep_working_with_all_scopes() {
    let database = TestDatabase::migrated_to(9).await;
    let mut raw = World::raw_of(&database).await;
    sqlx::raw_sql("insert into organizations (id, name, created_at) values ('org_1', 'One', 1)")
        .execute(&mut raw)
        .await
        .unwrap();
    let [of_organization, of_operator] = [(); 2].map(|()| ApiKeySecret::generate().unwrap());
    let keys = [
        ("key_1", Some("org_1"), &of_organization),
        ("key_2", None, &of_operator),
    ];
    for (key, organization, secret) in keys {
        sqlx::query(
            "insert into api_keys (id, organization_id, name, secret_hash, created_at) \
             values ($1, $2, 'CRM', $3, 7)",
        )
        .bind(key)
        .bind(organization)
        .bind(Sha256::digest(secret.expose()).to_vec())
        .execute(&mut raw)
        .await
        .unwrap();
    }
    let store = database.store().await;
    ok(store.migrate()).await;
    for (key, organization, secret) in keys {
        let found = store.find_api_key_by_secret(secret.expose(), at(i64::from(u32::MAX)));
        let found = found.await.unwrap().unwrap();
        assert_eq!(found.id, id(key));
        assert_eq!(found.organization_id, organization.map(id));
        assert_eq!((found.scopes, found.created_at), (Scopes::ALL, at(7)));
        let unknown = (found.prefix, found.expires_at, found.last_used_at);
        assert_eq!(unknown, (None, None, None));
        assert_eq!(found.user_id, None);
    }
    assert_eq!(ok(store.list::<ApiKey>(&org(1), &ALL)).await.data.len(), 1);
    assert!(ok(store.delete_api_key(&org(1), &id("key_1"), &by(8))).await);
}

/// Messages that earlier programs wrote: one of ours without a kind, and two of the customer, whose file has no type.
const FORMER_MESSAGES: &str = "insert into messages (organization_id, id, conversation_id, agent_id, \
     channel_id, direction, status, content, warnings, created_at, updated_at) values \
     ('org_1', 'msg_1', 'conv-456', 'agent-123', 'main', 'outbound', 'read', \
     '{\"header\":\"H\",\"body\":\"B\",\"buttons\":[{\"id\":\"1\",\"title\":\"A\"}]}', '[]', 1, 1), \
     ('org_1', 'msg_2', 'conv-456', 'agent-123', 'main', 'inbound', 'delivered', \
     '{\"kind\":\"text\",\"text\":\"Hi\"}', '[]', 2, 2), \
     ('org_1', 'msg_3', 'conv-456', 'agent-123', 'main', 'inbound', 'delivered', \
     '{\"kind\":\"image\",\"media\":{\"id\":\"1490\",\"providerUrl\":null,\"mimeType\":\"image/jpeg\",\"fileName\":null,\"size\":null}}', \
     '[]', 3, 3)";

#[tokio::test]
async fn messages_of_an_earlier_program_have_buttons() {
    let World { store, database } = &World::new().await;
    database.execute(FORMER_MESSAGES).await;
    let ours = some(store.get::<Message>(&org(1), &id("msg_1"))).await;
    let MessageContent::Outbound(Content::Buttons(buttons)) = ours.content else {
        panic!("a message with buttons");
    };
    let button = &buttons.buttons()[0];
    assert_eq!(
        (
            buttons.header(),
            buttons.body(),
            &*button.id,
            &*button.title
        ),
        (Some("H"), "B", "1", "A")
    );
    let theirs = some(store.get::<Message>(&org(1), &id("msg_2"))).await;
    assert!(matches!(theirs.content, MessageContent::Inbound { kind, .. } if kind == "text"));
}

#[tokio::test]
async fn files_of_an_earlier_program_can_be_fetched() {
    let World { store, database } = &World::new().await;
    database.execute(FORMER_MESSAGES).await;
    let theirs = some(store.get::<Message>(&org(1), &id("msg_3"))).await;
    let MessageContent::Inbound {
        content: Some(content),
        ..
    } = theirs.content
    else {
        panic!("a content");
    };
    let ReceivedContent::Image(file) = *content else {
        panic!("a picture");
    };
    assert_eq!(file.media.id.as_deref(), Some("1490"));
    assert!(file.media.available);
}
