//! Finds the addresses of a host name without a thread per lookup, and within a deadline.
//!
//! The system's own function (`getaddrinfo`) blocks a thread for as long as the name server is silent, and
//! the threads are shared by all organizations: names of one organization could hold up the sends of all.

use std::error::Error;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use hickory_resolver::config::{LookupIpStrategy, NameServerConfig, ResolverConfig};
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::{ResolverBuilder, TokioResolver};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::http::public_address::is_public;

/// How long name servers may take for one try. Both tries fit in the time that a connection may take
/// (`Timeouts::connect`), so that the error names the lookup.
const TRY_TIMEOUT: Duration = Duration::from_millis(1200);

/// Tries after the first one.
const REPEATS: usize = 1;

/// What decides how names are looked up, on every Unix.
const CONFIGURATION: [&str; 2] = ["/etc/resolv.conf", "/etc/hosts"];

/// Why a name has no address that may be used; the texts name no host.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LookupError {
    /// All its addresses are forbidden ones.
    #[error("the address is private, loopback or reserved")]
    Private,
    #[error("the host name has no address")]
    NotFound,
    #[error("no name server answered in time")]
    NoAnswer,
    #[error("the host name cannot be looked up")]
    Failed(#[source] NetError),
}

impl LookupError {
    /// Whether `error` was caused by a name that leads to forbidden addresses only.
    pub(crate) fn is_private(error: &(dyn Error + 'static)) -> bool {
        let mut cause = Some(error);
        while let Some(error) = cause {
            if matches!(error.downcast_ref(), Some(Self::Private)) {
                return true;
            }
            cause = error.source();
        }
        false
    }
}

impl From<NetError> for LookupError {
    fn from(error: NetError) -> Self {
        match error {
            NetError::Timeout => Self::NoAnswer,
            error if error.is_no_records_found() => Self::NotFound,
            error => Self::Failed(error),
        }
    }
}

/// Looks names up in the system's hosts file and at its name servers.
///
/// It decides when the connection is made, so a name that changes its address later gains nothing.
pub(crate) struct HostResolver {
    public_only: bool,
    loaded: Mutex<Option<Loaded>>,
}

/// A resolver, and the age of the files that it was made from.
struct Loaded {
    changed: [Option<SystemTime>; CONFIGURATION.len()],
    resolver: TokioResolver,
}

impl HostResolver {
    /// Creates a resolver; with `public_only` it keeps addresses of the public internet only.
    pub(crate) fn new(public_only: bool) -> Self {
        Self {
            public_only,
            loaded: Mutex::new(None),
        }
    }

    /// Returns the resolver for the system's present configuration: a container that joins a network, or a
    /// laptop that changes it, gets other name servers while the process runs.
    fn current(&self) -> Result<TokioResolver, NetError> {
        // Two looks at local files, for a new connection only: not worth another thread.
        let changed = CONFIGURATION.map(|file| changed(Path::new(file)));
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(loaded) = &*loaded
            && loaded.changed == changed
        {
            return Ok(loaded.resolver.clone());
        }
        let resolver = system()?;
        *loaded = Some(Loaded {
            changed,
            resolver: resolver.clone(),
        });
        Ok(resolver)
    }
}

impl Resolve for HostResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let resolver = self.current();
        let public_only = self.public_only;
        Box::pin(async move {
            let resolver = resolver.map_err(LookupError::from)?;
            let addresses = addresses(&resolver, name.as_str(), public_only).await?;
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

async fn addresses(
    resolver: &TokioResolver,
    host: &str,
    public_only: bool,
) -> Result<Vec<SocketAddr>, LookupError> {
    let found = resolver.lookup_ip(host).await?;
    let allowed: Vec<SocketAddr> = found
        .iter()
        .filter(|address| !public_only || is_public(*address))
        // Port 0 is replaced by that of the URL.
        .map(|address| SocketAddr::new(address, 0))
        .collect();
    if allowed.is_empty() {
        return Err(LookupError::Private);
    }
    Ok(allowed)
}

fn changed(file: &Path) -> Option<SystemTime> {
    file.metadata().and_then(|file| file.modified()).ok()
}

fn system() -> Result<TokioResolver, NetError> {
    match TokioResolver::builder_tokio() {
        Ok(builder) => build(builder),
        // A system without name servers still has names of its own; resolv.conf(5) asks this computer then.
        Err(error) => {
            tracing::warn!(%error, "the system names no name server, asking this computer");
            with_server(NameServerConfig::udp_and_tcp(IpAddr::V4(
                Ipv4Addr::LOCALHOST,
            )))
        }
    }
}

fn with_server(server: NameServerConfig) -> Result<TokioResolver, NetError> {
    let configuration = ResolverConfig::from_parts(None, Vec::new(), vec![server]);
    build(TokioResolver::builder_with_config(
        configuration,
        TokioRuntimeProvider::default(),
    ))
}

fn build(mut builder: ResolverBuilder<TokioRuntimeProvider>) -> Result<TokioResolver, NetError> {
    let options = builder.options_mut();
    options.timeout = TRY_TIMEOUT;
    options.attempts = REPEATS;
    // On a server without IPv6, the first connection is the one that works.
    options.ip_strategy = LookupIpStrategy::Ipv4AndIpv6;
    builder.build()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use hickory_resolver::config::ConnectionConfig;
    use hickory_resolver::proto::op::{Message, ResponseCode};
    use hickory_resolver::proto::rr::{RData, Record, RecordType};
    use tokio::net::UdpSocket;
    use tokio::sync::Notify;
    use tokio::task::JoinSet;

    use super::*;

    /// More than the 512 threads that Tokio has for functions that block.
    const SILENT_NAMES: usize = 600;

    /// A name server that knows addresses, and says nothing about names that begin with `silent`.
    struct NameServer {
        resolver: TokioResolver,
        unanswered: Arc<AtomicUsize>,
        asked: Arc<Notify>,
    }

    impl NameServer {
        async fn start() -> Self {
            let socket = UdpSocket::bind("127.0.0.1:0").await.expect("a socket");
            let mut connection = ConnectionConfig::udp();
            let address = socket.local_addr().expect("an address");
            connection.port = address.port();
            let server = NameServerConfig::new(address.ip(), true, vec![connection]);
            let (unanswered, asked) = (Arc::default(), Arc::default());
            tokio::spawn(serve(socket, Arc::clone(&unanswered), Arc::clone(&asked)));
            Self {
                resolver: with_server(server).expect("a resolver"),
                unanswered,
                asked,
            }
        }

        async fn find(&self, host: &str, public_only: bool) -> Result<Vec<String>, LookupError> {
            let found = addresses(&self.resolver, host, public_only).await?;
            Ok(found.iter().map(|found| found.ip().to_string()).collect())
        }
    }

    async fn serve(socket: UdpSocket, unanswered: Arc<AtomicUsize>, asked: Arc<Notify>) {
        let mut buffer = [0; 512];
        loop {
            let (length, from) = socket.recv_from(&mut buffer).await.expect("a question");
            let question = Message::from_vec(&buffer[..length]).expect("a DNS message");
            if let Some(answer) = answer(&question) {
                let answer = answer.to_vec().expect("bytes");
                socket.send_to(&answer, from).await.expect("sent");
            } else {
                unanswered.fetch_add(1, Ordering::SeqCst);
                asked.notify_one();
            }
        }
    }

    fn answer(question: &Message) -> Option<Message> {
        let query = question.queries.first()?;
        let name = query.name().to_string();
        let addresses: &[&str] = match name.split('.').next()? {
            label if label.starts_with("silent") => return None,
            "public" => &["8.8.8.8"],
            "private" => &["10.0.0.7"],
            "mixed" => &["10.0.0.7", "8.8.8.8"],
            _ => &[],
        };
        let mut answer = Message::response(question.metadata.id, question.metadata.op_code);
        answer.add_query(query.clone());
        if addresses.is_empty() {
            answer.metadata.response_code = ResponseCode::NXDomain;
        }
        if query.query_type() == RecordType::A {
            for address in addresses {
                let address: Ipv4Addr = address.parse().expect("an address");
                let data = RData::A(address.into());
                answer.add_answer(Record::from_rdata(query.name().clone(), 60, data));
            }
        }
        Some(answer)
    }

    #[tokio::test]
    async fn names_whose_server_is_silent_do_not_hold_up_the_others() {
        let server = Arc::new(NameServer::start().await);
        let mut silent = JoinSet::new();
        for number in 0..SILENT_NAMES {
            let server = Arc::clone(&server);
            silent.spawn(async move {
                let name = format!("silent{number}.example.com.");
                server.find(&name, true).await
            });
        }
        while server.unanswered.load(Ordering::SeqCst) < SILENT_NAMES {
            server.asked.notified().await;
        }

        let found = server.find("public.example.com.", true).await;

        assert_eq!(found.expect("an address"), ["8.8.8.8"]);
        while let Some(found) = silent.join_next().await {
            let found = found.expect("no panic");
            assert!(matches!(found, Err(LookupError::NoAnswer)), "{found:?}");
        }
    }

    #[tokio::test]
    async fn only_public_addresses_are_kept_on_a_guarded_server() {
        let server = NameServer::start().await;

        let mixed = server.find("mixed.example.com.", true).await;
        let private = server.find("private.example.com.", true).await;
        let unguarded = server.find("private.example.com.", false).await;

        assert_eq!(mixed.expect("an address"), ["8.8.8.8"]);
        assert!(matches!(private, Err(LookupError::Private)), "{private:?}");
        assert_eq!(unguarded.expect("an address"), ["10.0.0.7"]);
    }

    #[tokio::test]
    async fn a_name_without_an_address_is_told_as_such() {
        let server = NameServer::start().await;

        let found = server.find("nothing.example.com.", true).await;

        assert!(matches!(found, Err(LookupError::NotFound)), "{found:?}");
    }

    #[tokio::test]
    async fn this_computers_own_name_needs_no_name_server() {
        let server = NameServer::start().await;

        let found = server.find("localhost", false).await.expect("an address");

        assert!(found.contains(&"127.0.0.1".to_owned()), "{found:?}");
        assert_eq!(server.unanswered.load(Ordering::SeqCst), 0);
    }

    #[tokio::test]
    async fn the_resolver_is_kept_until_the_configuration_changes() {
        let resolver = HostResolver::new(true);
        resolver.current().expect("a resolver");
        let first = resolver.loaded.lock().expect("no panic").take();
        let mut first = first.expect("kept");
        first.changed = [Some(SystemTime::UNIX_EPOCH); CONFIGURATION.len()];
        *resolver.loaded.lock().expect("no panic") = Some(first);

        resolver.current().expect("a resolver");

        let second = resolver.loaded.lock().expect("no panic").take();
        let now = CONFIGURATION.map(|file| changed(Path::new(file)));
        assert_eq!(second.expect("kept").changed, now);
    }
}
