//! The `recado` binary.

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::process::ExitCode {
    recado_cli::run().await
}
