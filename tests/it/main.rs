//! The gateway as its users meet it: over HTTP, and as real processes.

mod background;
mod channels;
mod cli;
mod compatibility;
mod concurrency;
mod connection_news;
mod crash;
mod deliveries;
mod delivery_crash;
mod demo;
mod descriptors;
mod dry_run;
mod failures;
mod generated;
mod hostile;
mod identity;
mod inbound;
mod intake;
mod intake_crash;
mod isolation;
mod key_rotation;
mod keys;
mod metrics;
mod names;
mod openapi;
mod protocol;
mod published_example;
mod quotations;
mod secrets;
<<<<<<< HEAD
mod shares;
mod slow_clients;
=======
mod sqlite_lock;
>>>>>>> 933213b (server: a SQLite file has one server)
mod startup;
mod stream;
mod taps;
mod whole_way;
mod window;
mod wuzapi;
mod zapperhub_hooks;
