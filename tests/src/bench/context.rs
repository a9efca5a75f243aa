//! What every area of the benchmark is given, and what it adds to.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Error;

use super::contenders::{Contender, Programs, hyper_proxy, nginx, node};
use super::database::{Postgres, sqlite_version};
use super::gateway::{CONVERSATIONS, Gateway};
use super::load::{Load, Requests};
use super::report::LeftOut;
use super::report::compare::YARDSTICK;
use super::report::metric::Metric;
use super::report::samples::Samples;
use super::report::subjects::{HYPER_PROXY, LIBRARY, NGINX};
use super::stub::Stub;
use super::watched::value;

/// How much is measured.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Length of one measurement.
    pub time: Duration,
    /// How often everything is measured, in turns.
    pub rounds: u32,
    /// Messages of the large database.
    pub growth: usize,
    /// Messages of the backlog.
    pub backlog: usize,
}

/// One run of the benchmark.
pub struct Bench {
    pub options: Options,
    pub stub: Stub,
    /// `None` without a PostgreSQL server.
    pub postgres: Option<Postgres>,
    pub programs: Programs,
    pub samples: Samples,
    pub left_out: Vec<LeftOut>,
    /// What must hold and does not.
    pub failures: Vec<String>,
    /// The version of each program that took part.
    pub versions: BTreeMap<String, String>,
    yardstick: Contender,
}

impl Bench {
    /// Starts what every area needs.
    pub async fn start(
        options: Options,
        postgres: Option<&str>,
        programs: Programs,
    ) -> anyhow::Result<Self> {
        let stub = Stub::start().await?;
        let yardstick = hyper_proxy::start(&stub).await?;
        let mut bench = Self {
            options,
            stub,
            postgres: None,
            programs,
            samples: Samples::default(),
            left_out: Vec::new(),
            failures: Vec::new(),
            versions: BTreeMap::new(),
            yardstick,
        };
        bench
            .versions
            .insert("SQLite".to_owned(), sqlite_version().await?);
        match postgres {
            Some(url) => {
                let postgres = Postgres::at(url).await?;
                let version = postgres.version.clone();
                bench.versions.insert("PostgreSQL".to_owned(), version);
                bench.postgres = Some(postgres);
            }
            None => bench.leave_out("Recado on PostgreSQL", "RECADO_BENCH_POSTGRES is not set"),
        }
        Ok(bench)
    }

    /// Starts a server on a fresh database of each kind, with organizations that have so many conversations.
    pub async fn gateways(&self, organizations: &[usize]) -> anyhow::Result<Vec<Gateway>> {
        let mut gateways = vec![Gateway::start(&self.stub, None, organizations).await?];
        if let Some(postgres) = &self.postgres {
            let gateway = Gateway::start(&self.stub, Some(postgres), organizations);
            gateways.push(gateway.await?);
        }
        Ok(gateways)
    }

    /// Starts them with one organization.
    pub async fn usual_gateways(&self) -> anyhow::Result<Vec<Gateway>> {
        self.gateways(&[CONVERSATIONS]).await
    }

    /// Starts the programs of others that Recado is compared with; one that does not start is left out.
    pub async fn contenders(&mut self) -> Vec<Contender> {
        let (stub, programs) = (self.stub.clone(), self.programs.clone());
        let nginx = async { nginx::start(&programs.nginx.map_err(Error::msg)?, &stub).await };
        let node = async { node::start(&programs.node.map_err(Error::msg)?, &stub).await };
        let mut found = Vec::new();
        for (name, started) in [
            (NGINX, nginx.await),
            (HYPER_PROXY, hyper_proxy::start(&stub).await),
            (LIBRARY, node.await),
        ] {
            match started {
                Ok(contender) => found.push(contender),
                Err(error) => self.leave_out(name, &format!("{error:#}")),
            }
        }
        for contender in found.iter().filter(|it| !it.version.is_empty()) {
            let (name, version) = (contender.name.to_owned(), contender.version.clone());
            self.versions.insert(name, version);
        }
        found
    }

    /// Measures the yardstick, by which the speeds of two runs are compared.
    pub async fn measure_yardstick(&mut self) -> anyhow::Result<()> {
        let load = Load {
            connections: 16,
            time: self.options.time.min(Duration::from_secs(2)),
        };
        let address = self.yardstick.address;
        let request = format!(
            "POST /messages HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{{}}"
        );
        let requests = Requests::new(vec![request.into_bytes()]);
        let watched = self.yardstick.watched()?;
        let values = watched.measure(load.run(&[address], &requests)).await?;
        let kept = [Metric::Cpu, Metric::Throughput];
        let values = kept.map(|metric| (metric, value(&values, metric).unwrap_or_default()));
        self.samples
            .add_all(YARDSTICK, &load.name(), HYPER_PROXY, &values);
        Ok(())
    }

    /// Notes that something was not measured.
    pub fn leave_out(&mut self, what: &str, reason: &str) {
        let (what, reason) = (what.to_owned(), reason.to_owned());
        self.left_out.push(LeftOut { what, reason });
    }

    /// Returns a load of the usual length.
    pub fn load(&self, connections: usize) -> Load {
        let time = self.options.time;
        Load { connections, time }
    }
}
