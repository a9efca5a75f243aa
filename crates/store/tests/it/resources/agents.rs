//! Agents.

use recado_store::{Agent, StoreError};

use crate::world::{ALL, World, agent, by, gives, id, ok, org, refused};

#[tokio::test]
async fn an_agent_is_created_found_listed_and_deleted() {
    let World { store, .. } = &World::new().await;
    let ana = agent("org_1", "agent-123");
    ok(store.create_agent(&ana, None)).await;
    gives!(store.get::<Agent>(&org(1), &ana.id) => Some(ana.clone()));
    let listed = ok(store.list::<Agent>(&org(1), &ALL)).await.data;
    assert_eq!(listed, std::slice::from_ref(&ana));
    assert!(ok(store.delete_agent(&org(1), &ana.id, &by(9_000))).await);
    assert!(!ok(store.delete_agent(&org(1), &ana.id, &by(9_000))).await);
    assert_eq!(ok(store.get::<Agent>(&org(1), &ana.id)).await, None);
}

#[tokio::test]
async fn two_organizations_may_have_the_same_agent_id_but_one_may_not_have_it_twice() {
    let World { store, .. } = &World::new().await;
    ok(store.create_agent(&agent("org_1", "agent-123"), None)).await;
    ok(store.create_agent(&agent("org_2", "agent-123"), None)).await;
    refused!(store.create_agent(&agent("org_1", "agent-123"), None) => StoreError::Conflict);
}

#[tokio::test]
async fn an_agent_of_no_organization_is_refused() {
    let World { store, .. } = &World::new().await;
    refused!(store.create_agent(&agent("org_9", "agent-123"), None) => StoreError::UnknownOrganization);
    gives!(store.get::<Agent>(&id("org_9"), &id("agent-123")) => None);
}
