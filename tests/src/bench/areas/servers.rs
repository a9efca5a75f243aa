//! Several servers on one PostgreSQL.

use std::sync::Arc;

use crate::bench::context::Bench;
use crate::bench::gateway::{CONVERSATIONS, Gateway};
use crate::bench::load::Requests;

const AREA: &str = "servers";

/// Servers that take part.
const SERVERS: usize = 3;

/// Organizations of the one with the most, and the conversations of each but the first.
const ORGANIZATIONS: usize = 32;
const CONVERSATIONS_EACH: usize = 8;

const CONNECTIONS: usize = 32;

pub(super) async fn measure(bench: &mut Bench) -> anyhow::Result<()> {
    let Some(postgres) = bench.postgres.clone() else {
        bench.leave_out("several servers", "they need PostgreSQL");
        return Ok(());
    };
    let mut organizations = [CONVERSATIONS_EACH; ORGANIZATIONS];
    organizations[0] = CONVERSATIONS;
    let mut gateway = Gateway::start(&bench.stub, Some(&postgres), &organizations).await?;
    while gateway.addresses()?.len() < SERVERS {
        gateway.add_server().await?;
    }
    gateway.fill(2_000).await?;
    let all = [
        ("1 organization", one(&gateway)),
        ("32 organizations", all(&gateway)),
    ];
    for _ in 0..bench.options.rounds {
        for (name, requests) in &all {
            for servers in 1..=SERVERS {
                let addresses = &gateway.addresses()?[..servers];
                let mut watched = gateway.watched()?;
                watched.roots.truncate(servers);
                let load = bench.load(CONNECTIONS);
                let values = watched.measure(load.run(addresses, requests)).await?;
                let servers = match servers {
                    1 => "1 server".to_owned(),
                    servers => format!("{servers} servers"),
                };
                bench.samples.add_all(AREA, name, &servers, &values);
            }
        }
    }
    Ok(())
}

fn one(gateway: &Gateway) -> Requests {
    Arc::clone(&gateway.organization().requests)
}

/// The organizations take turns.
fn all(gateway: &Gateway) -> Requests {
    let turns = (0..CONVERSATIONS_EACH).flat_map(|turn| {
        let organizations = gateway.organizations.iter();
        organizations.map(move |organization| organization.requests[turn].clone())
    });
    Arc::new(turns.collect())
}
