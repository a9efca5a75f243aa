//! Organizations.

use recado_store::StoreError;

use crate::world::{ALL, World, by, gives, id, ok, org, organization, refused, some};

#[tokio::test]
async fn an_organization_is_created_once_found_and_listed_oldest_first() {
    let World { store, .. } = &World::new().await;
    gives!(store.get_organization(&org(1)) => Some(organization("org_1")));
    gives!(store.get_organization(&id("org_9")) => None);
    let listed = ok(store.list_organizations(&ALL)).await;
    assert_eq!(listed.data, ["org_1", "org_2"].map(organization));
    assert_eq!(listed.next, None);
    refused!(store.create_organization(&organization("org_1"), &by(9_000)) => StoreError::Conflict);
}

#[tokio::test]
async fn a_strange_name_is_kept_and_a_nul_is_replaced() {
    let World { store, .. } = &World::new().await;
    let mut strange = organization("org_3");
    strange.name = "a\0b '; drop table agents; -- ✅\u{202e} $1 ?".into();
    ok(store.create_organization(&strange, &by(9_000))).await;
    let kept = some(store.get_organization(&strange.id)).await;
    assert_eq!(kept.name, strange.name.replace('\0', "\u{fffd}"));
}
