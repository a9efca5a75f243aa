//! nginx as a proxy that keeps its connections, and does nothing else.

use std::path::Path;

use super::{Contender, free_port, wait_until_listening};
use crate::bench::report::machine::version;
use crate::bench::report::subjects::NGINX;
use crate::bench::stub::Stub;

/// `{folder}` gets its files, `{port}` is its own, `{stub}` what it stands in front of.
///
/// nginx closes a connection after a thousand requests unless told otherwise.
const CONFIGURATION: &str = r#"
daemon off;
user root;
worker_processes auto;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {
    worker_connections 4096;
}
http {
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    keepalive_requests 1000000000;
    upstream stub {
        server {stub};
        keepalive 256;
        keepalive_requests 1000000000;
    }
    server {
        listen 127.0.0.1:{port};
        location / {
            proxy_pass http://stub;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
        }
    }
}
"#;

/// Starts that nginx in front of the stub.
pub async fn start(program: &Path, stub: &Stub) -> anyhow::Result<Contender> {
    let folder = tempfile::tempdir_in("/var/tmp")?;
    let port = free_port().await?;
    let configuration = CONFIGURATION
        .replace("{folder}", &folder.path().display().to_string())
        .replace("{port}", &port.to_string())
        .replace("{stub}", &stub.address.to_string());
    let file = folder.path().join("nginx.conf");
    std::fs::write(&file, configuration)?;
    let mut command = tokio::process::Command::new(program);
    command.arg("-c").arg(&file);
    // Until it has read the configuration, it complains in the folder of its package.
    command.arg("-e").arg(folder.path().join("error.log"));
    let mut process = command.kill_on_drop(true).spawn()?;
    let address = ([127, 0, 0, 1], port).into();
    wait_until_listening(&mut process, address).await?;
    Ok(Contender {
        name: NGINX,
        address,
        version: version(&program.to_string_lossy(), "-v")?,
        process,
        _output: None,
        _folder: Some(folder),
    })
}
