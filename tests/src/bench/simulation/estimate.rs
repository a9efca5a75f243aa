//! The arithmetic: what a load needs, from what one of everything costs.

const SECONDS_OF_DAY: f64 = 86_400.0;
const KIB_OF_GIB: f64 = 1_048_576.0;

/// One server may fail.
const MIN_SERVERS: f64 = 2.0;

/// What is to be carried, on which machines.
#[derive(Debug, Clone, PartialEq)]
pub struct Load {
    pub organizations: f64,
    /// Messages a second of all organizations together.
    pub messages: f64,
    /// Calls of the provider for each message, with one status each.
    pub webhook_calls: f64,
    /// Deliveries to webhook endpoints for each message.
    pub deliveries: f64,
    /// How many days messages and events are kept.
    pub message_days: f64,
    /// How many days applied calls and finished deliveries are kept.
    pub call_days: f64,
    pub server_cores: f64,
    pub database_cores: f64,
    /// How much of the cores may be used at this load, from 0 to 1.
    pub busy: f64,
}

/// What one of something costs while it is done.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cost {
    /// CPU time of the server in milliseconds.
    pub cpu: f64,
    /// CPU time of PostgreSQL in milliseconds.
    pub database_cpu: f64,
    /// Write-ahead log in KiB.
    pub log: f64,
}

/// What one of something takes on disk, in KiB.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Size {
    pub rows: f64,
    pub indexes: f64,
}

/// What one of everything costs on PostgreSQL.
#[derive(Debug, Clone, PartialEq)]
pub struct Costs {
    pub send: Cost,
    pub webhook_call: Cost,
    pub delivery: Cost,
    pub message: Size,
    pub event: Size,
    pub stored_call: Size,
    pub stored_delivery: Size,
    /// Most connections of one server to PostgreSQL.
    pub connections: f64,
}

/// What a load needs.
#[derive(Debug, Clone, PartialEq)]
pub struct Need {
    /// CPU time of servers for each message, with its calls and deliveries, in milliseconds.
    pub cpu: f64,
    pub database_cpu: f64,
    /// Cores of all servers together, and of all PostgreSQL servers together.
    pub cores: f64,
    pub database_cores: f64,
    /// PostgreSQL servers that share the organizations: cells.
    pub cells: f64,
    pub servers_of_cell: f64,
    /// Connections to each PostgreSQL server.
    pub connections: f64,
    /// Messages a second of each organization, if all are alike.
    pub of_organization: f64,
    /// GiB a day.
    pub disk: Disk,
    /// GiB that stay, after the days for which rows are kept.
    pub kept: f64,
}

/// What a day adds, in GiB.
#[derive(Debug, Clone, PartialEq)]
pub struct Disk {
    pub messages: f64,
    pub events: f64,
    pub webhook_calls: f64,
    pub deliveries: f64,
    /// Indexes of all of these.
    pub indexes: f64,
    /// Write-ahead log: it is written again and again, and stays only where it is archived.
    pub log: f64,
}

impl Load {
    /// Returns the events of each message: that it was accepted, and one for each status.
    pub const fn events(&self) -> f64 {
        1.0 + self.webhook_calls
    }

    /// Returns how many KiB for each message are how many GiB a day.
    fn daily(&self, kib: f64) -> f64 {
        self.messages * SECONDS_OF_DAY * kib / KIB_OF_GIB
    }
}

impl Costs {
    /// Estimates what a load needs.
    pub fn need(&self, load: &Load) -> Need {
        let each = |cost: fn(&Cost) -> f64| {
            cost(&self.send)
                + load.webhook_calls * cost(&self.webhook_call)
                + load.deliveries * cost(&self.delivery)
        };
        let (cpu, database_cpu) = (each(|cost| cost.cpu), each(|cost| cost.database_cpu));
        let cores = |milliseconds: f64| load.messages * milliseconds / 1000.0 / load.busy;
        let (cores, database_cores) = (cores(cpu), cores(database_cpu));
        let cells = (database_cores / load.database_cores).ceil().max(1.0);
        let servers = (cores / cells / load.server_cores).ceil();
        let servers_of_cell = servers.max(MIN_SERVERS);
        // The last part of a partition stays until all of it is old.
        let calls_stay = load.call_days * 8.0 / 7.0;
        let stored = [
            (1.0, self.message, load.message_days),
            (load.events(), self.event, load.message_days),
            (load.webhook_calls, self.stored_call, calls_stay),
            (load.deliveries, self.stored_delivery, load.call_days),
        ];
        let [messages, events, webhook_calls, deliveries] =
            stored.map(|(count, size, _)| load.daily(count * size.rows));
        let indexes = stored.map(|(count, size, _)| load.daily(count * size.indexes));
        let kept =
            stored.map(|(count, size, days)| load.daily(count * (size.rows + size.indexes)) * days);
        Need {
            cpu,
            database_cpu,
            cores,
            database_cores,
            cells,
            servers_of_cell,
            connections: servers_of_cell * self.connections,
            of_organization: load.messages / load.organizations,
            disk: Disk {
                messages,
                events,
                webhook_calls,
                deliveries,
                indexes: indexes.iter().sum(),
                log: load.daily(each(|cost| cost.log)),
            },
            kept: kept.iter().sum(),
        }
    }
}

#[cfg(test)]
pub mod example {
    use super::*;

    pub const LOAD: Load = Load {
        organizations: 50.0,
        messages: 100.0,
        webhook_calls: 3.0,
        deliveries: 2.0,
        message_days: 10.0,
        call_days: 7.0,
        server_cores: 4.0,
        database_cores: 8.0,
        busy: 0.5,
    };

    pub fn costs() -> Costs {
        let cost = |cpu, database_cpu, log| Cost {
            cpu,
            database_cpu,
            log,
        };
        let size = |rows, indexes| Size { rows, indexes };
        Costs {
            send: cost(1.0, 2.0, 10.0),
            webhook_call: cost(0.5, 1.0, 4.0),
            delivery: cost(0.25, 0.5, 3.0),
            message: size(2.0, 1.0),
            event: size(0.5, 0.25),
            stored_call: size(1.0, 0.5),
            stored_delivery: size(0.25, 0.25),
            connections: 18.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::example::{LOAD, costs};
    use super::*;

    fn assert_near(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-9, "{found} is not {expected}");
    }

    #[test]
    fn cores_are_those_of_a_message_with_its_calls_and_deliveries_at_the_load_they_may_have() {
        let need = costs().need(&LOAD);
        // 1 + 3 × 0.5 + 2 × 0.25, and 2 + 3 × 1 + 2 × 0.5; half of each core is used.
        assert_near(need.cpu, 3.0);
        assert_near(need.database_cpu, 6.0);
        assert_near(need.cores, 0.6);
        assert_near(need.database_cores, 1.2);
        assert_near(need.of_organization, 2.0);
    }

    #[test]
    fn a_small_load_has_two_servers_and_a_large_one_as_many_as_its_cores_need() {
        let servers = |messages| {
            let need = costs().need(&Load { messages, ..LOAD });
            (need.cells, need.servers_of_cell, need.connections)
        };
        assert_eq!(servers(100.0), (1.0, 2.0, 36.0));
        // 6,000 messages need 36 cores of servers and 72 of PostgreSQL: 9 cells with 4 cores each.
        assert_eq!(servers(6_000.0), (9.0, 2.0, 36.0));
        let few = Load {
            messages: 6_000.0,
            database_cores: 72.0,
            ..LOAD
        };
        let need = costs().need(&few);
        assert_eq!(
            (need.cells, need.servers_of_cell, need.connections),
            (1.0, 9.0, 162.0)
        );
    }

    #[test]
    fn a_day_adds_rows_indexes_and_log_and_each_sort_stays_for_its_days() {
        let need = costs().need(&LOAD);
        // 100 messages a second are 8,640,000 a day.
        let gib = |kib: f64| 8_640_000.0 * kib / 1_048_576.0;
        assert_near(need.disk.messages, gib(2.0));
        assert_near(need.disk.events, gib(4.0 * 0.5));
        assert_near(need.disk.webhook_calls, gib(3.0));
        assert_near(need.disk.deliveries, gib(0.5));
        assert_near(
            need.disk.indexes,
            gib(1.0 + 4.0 * 0.25 + 3.0 * 0.5 + 2.0 * 0.25),
        );
        assert_near(need.disk.log, gib(10.0 + 3.0 * 4.0 + 2.0 * 3.0));
        let kept = 10.0 * (3.0 + 4.0 * 0.75) + 8.0 * 3.0 * 1.5 + 7.0 * 2.0 * 0.5;
        assert_near(need.kept, gib(kept));
    }
}
