//! What the server claimed without learning of it, because the answer of the database was lost.

use std::sync::Arc;

use recado_server::delivery::{Drained, run};
use recado_store::ClaimLimits;
use recado_tests::prelude::*;
use recado_tests::receiver::Receiver;
use recado_tests::rig::Rig;
use tokio_util::sync::CancellationToken;

#[tokio::test]
async fn a_delivery_whose_claim_was_lost_does_not_wait_until_the_claim_runs_out() {
    let (rig, receiver) = (Rig::start().await, Receiver::start().await);
    rig.endpoint_for("message.received", &receiver).await;
    rig.say(CUSTOMER, "Oi").await;
    let limits = ClaimLimits {
        total: 10,
        per_endpoint: 10,
        per_organization: 10,
    };
    let until = rig.now() + Duration::from_mins(1);
    let claimed = rig.app.store.claim_deliveries(rig.now(), until, limits);
    assert_eq!(claimed.await.expect("deliveries").len(), 1);
    assert_eq!(rig.drain().await, Drained::default());

    // The clock of this server stands still: nothing runs out.
    let stop = CancellationToken::new();
    let delivering = tokio::spawn(run(Arc::clone(&rig.app), stop.clone()));
    receiver.wait_for(1).await;
    stop.cancel();
    let ended = soon("the worker ends", delivering).await;
    ended.expect("no panic");
    assert_eq!(receiver.arrived().len(), 1);
}
