//! `recado completions`: what a shell needs to complete our words.

use clap_complete::Shell;

use crate::Output;

#[derive(clap::Args)]
#[command(
    after_help = "Example:\n  recado completions bash > ~/.local/share/bash-completion/completions/recado"
)]
pub(crate) struct Args {
    /// The shell
    shell: Shell,
}

pub(crate) fn run(args: &Args, command: &mut clap::Command) -> Output {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, command, "recado", &mut script);
    let script = String::from_utf8_lossy(&script).into_owned();
    Output::said(script.clone(), script)
}
