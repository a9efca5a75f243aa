//! The store is down while a provider calls: it is asked to come back, and does.

use std::net::SocketAddr;
use std::sync::Arc;

use recado_sandbox::{Delivery, Provider, Sandbox, Webhook};
use recado_server::app::App;
use recado_server::serve::{ConnectionLimits, serve};
use recado_tests::prelude::*;
use rstest::rstest;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// A server without anything in the background.
struct Front {
    address: SocketAddr,
    stop: CancellationToken,
    serving: JoinHandle<()>,
}

impl Front {
    async fn start(app: &Arc<App>, address: &str) -> Self {
        let listener = TcpListener::bind(address).await.expect("a free address");
        let address = listener.local_addr().expect("an address");
        let router = recado_server::router(Arc::clone(app)).expect("a router");
        let stop = CancellationToken::new();
        let stopped = stop.clone().cancelled_owned();
        let limits = ConnectionLimits::default();
        let serving = tokio::spawn(async move {
            serve(listener, router, limits, stopped).await;
        });
        Self {
            address,
            stop,
            serving,
        }
    }

    async fn end(self) {
        self.stop.cancel();
        let ended = soon("the server ends", self.serving).await;
        ended.expect("an orderly end");
    }
}

/// Waits until the provider's call was answered with 503.
async fn refused(sandbox: &Sandbox) {
    until("a call is refused", async || {
        let mut deliveries = sandbox.deliveries().into_iter();
        deliveries.find(|delivery| delivery.status == Some(503))
    })
    .await;
}

#[rstest]
#[case::whatsapp(Provider::Whatsapp, "whatsapp")]
#[case::wuzapi(Provider::Wuzapi, "wuzapi")]
#[tokio::test]
async fn what_is_told_while_the_store_is_down_is_an_event_once_it_is_up(
    #[case] provider: Provider,
    #[case] channel: &str,
) {
    let world = World::start().await;
    world.open_wuzapi().await;
    let store = world.database.store().await;
    let app = world::app(&store, &world.sandbox_urls, &world.url, &Options::default());
    let front = Front::start(&app, "127.0.0.1:0").await;
    let address = front.address.to_string();
    let shown = world.client.read(&format!("/channels/{channel}")).await;
    let url = text(&shown["webhookUrl"]);
    let url = url.replace(&world.url, &format!("http://{address}"));
    let mut webhook = Webhook::new(provider, url);
    if provider == Provider::Wuzapi {
        webhook.secret = shown["webhookSecret"].as_str().map(str::to_owned);
    }
    let registered = world.sandbox.register_webhook(webhook).await;
    registered.expect("a registered webhook");

    store.close().await;
    let said = world.sandbox.say(provider, "", CUSTOMER, "Oi");
    said.expect("a text");
    refused(&world.sandbox).await;
    front.end().await;
    let front = Front::start(&world.app, &address).await;
    soon("the call comes again", world.sandbox.settled()).await;

    let deliveries = world.sandbox.deliveries();
    let [
        Delivery {
            status: Some(200),
            attempts: 2..,
            ..
        },
    ] = deliveries[..]
    else {
        panic!("{deliveries:?}");
    };
    front.end().await;
    world.stop().await;
    let told = stored(&world.database, "message.received").await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0].data["text"], "Oi");
}
