//! `recado import`: agents and conversations of another service, with the ids that they have there.

mod channels;
mod checked;
mod checking;
mod creating;
mod existing;
mod parsing;
mod recipient;
mod reporting;
mod rights;
#[cfg(test)]
mod tests;

use channels::Choice;
use checking::Plan;
use clap::{Args, Subcommand};
use existing::Existing;
use reporting::Report;

use crate::{Client, Output, Printer, Result, input, table};

const EXAMPLES: &str = "\
Rows come as CSV, or as JSON: what ChatVolt's API answers, as it is, or one object on a line.
CSV has the columns agentId, agentName, conversationId, channel, phone, isGroup (true or false) and name in any order;
name is for you alone.
Everything is checked before anything is created, and what is there already is left as it is: run it again after
an interruption, or after you have corrected rows.

Examples:
  recado import chatvolt agents.json conversations.json --dry-run
  recado import chatvolt customers.csv --channel main --report rows.jsonl
  recado import chatvolt conversations.json --channel whatsapp=main --channel zapi=support";

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Import what ChatVolt's API answers to `GET /agents` and `GET /conversation`, or a table
    #[command(after_help = EXAMPLES)]
    Chatvolt(ImportArgs),
}

#[derive(Args)]
pub(crate) struct ImportArgs {
    /// The files, or `-` for standard input
    #[arg(value_name = "FILE", required = true)]
    files: Vec<String>,
    /// The Recado channel of all conversations on WhatsApp, or of those whose channel or channelCredentialsId at ChatVolt is WORD;
    /// not needed where a provider has one channel only
    #[arg(long = "channel", value_name = "[WORD=]ID", value_parser = channels::choice)]
    channels: Vec<Choice>,
    /// The agent of conversations that name none
    #[arg(long, value_name = "ID")]
    agent: Option<recado_core::AgentId>,
    /// Check everything and create nothing
    #[arg(long)]
    dry_run: bool,
    /// Write what became of each row into this file, as JSON lines
    #[arg(long, value_name = "FILE")]
    report: Option<String>,
}

pub(crate) async fn run(command: Command, client: &Client, printer: Printer) -> Result<Output> {
    let Command::Chatvolt(args) = command;
    if let Some(report) = &args.report {
        input::check_kept("--report", report, &args.files)?;
    }
    let mut rows = Vec::new();
    for file in &args.files {
        let name = input::name(file);
        let text = table::decode(name, input::bytes(file)?)?;
        parsing::rows(name, &text, &mut rows);
    }
    let existing = Existing::load(client).await?;
    let plan = Plan::new(rows, &existing, &args.channels, args.agent.as_ref())?;
    // Rows that have to be corrected are reported whatever the key may do.
    if !plan.has_errors() {
        rights::check(&plan, client).await?;
    }
    let mut report = Report::new(args.report.as_deref(), printer)?;
    if args.dry_run || plan.has_errors() {
        for row in plan.rows() {
            report.add(row)?;
        }
        return Ok(report.checked(args.dry_run));
    }
    creating::run(plan, client, report).await
}
