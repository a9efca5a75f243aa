//! A question before something is deleted.

use std::io::{BufRead, IsTerminal as _, Write};

use crate::{Failure, Result};

#[derive(clap::Args)]
pub(crate) struct Confirmation {
    /// Delete without asking; outside of a terminal the command never asks
    #[arg(long)]
    yes: bool,
}

impl Confirmation {
    /// Asks on a terminal whether to go on. A script named what to delete, and is not stopped.
    pub(crate) fn ask(&self, question: &str) -> Result<()> {
        let is_terminal = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
        if self.yes || !is_terminal {
            return Ok(());
        }
        ask(question, std::io::stdin().lock(), std::io::stderr())
    }
}

fn ask(question: &str, mut input: impl BufRead, mut output: impl Write) -> Result<()> {
    let mut answer = String::new();
    let asked = write!(output, "{question} [y/N] ")
        .and_then(|()| output.flush())
        .and_then(|()| input.read_line(&mut answer));
    asked.map_err(|error| Failure::Own(format!("cannot ask: {error}")))?;
    match answer.trim().to_lowercase().as_str() {
        "y" | "yes" => Ok(()),
        _ => Err(Failure::Usage("nothing was deleted".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("y\n", true)]
    #[case("YES\n", true)]
    #[case("\n", false)]
    #[case("n\n", false)]
    #[case("", false)]
    fn only_yes_goes_on(#[case] typed: &str, #[case] goes_on: bool) {
        let mut shown = Vec::new();
        let asked = ask("Delete agent a?", typed.as_bytes(), &mut shown);
        assert_eq!(asked.is_ok(), goes_on);
        assert_eq!(shown, b"Delete agent a? [y/N] ");
    }
}
