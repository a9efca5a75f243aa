//! `recado send`: through a server, or with `--direct` without one.

pub(crate) mod buttons;
mod csv;
mod cta_url;
mod draft;
mod kind;
mod list;
mod location;
mod location_request;
mod text;

use clap::Subcommand;
use reqwest::Method;
use serde_json::Value;

use super::{message, once};
use crate::render::{bubble, dry_run};
use crate::{Effect, Failure, Globals, Lookup, Output, Result, credentials, direct::Direct};

/// One command for each kind of message.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Send a text
    #[command(after_help = text::HELP)]
    Text(text::TextArgs),
    /// Send a text with reply buttons
    #[command(after_help = buttons::HELP)]
    Buttons(buttons::ButtonsArgs),
    /// Send a text with a list of options
    #[command(after_help = list::HELP)]
    List(list::ListArgs),
    /// Send a text with a button that opens a link
    #[command(after_help = cta_url::HELP)]
    CtaUrl(cta_url::CtaUrlArgs),
    /// Send a place on the map
    #[command(after_help = location::HELP)]
    Location(location::LocationArgs),
    /// Send a text with a button by which the customer sends a place
    #[command(after_help = location_request::HELP)]
    LocationRequest(location_request::LocationRequestArgs),
}

pub(crate) async fn run(command: Command, globals: &Globals, lookup: Lookup<'_>) -> Result<Output> {
    let draft = match command {
        Command::Text(args) => args.draft()?,
        Command::Buttons(args) => args.draft()?,
        Command::List(args) => args.draft()?,
        Command::CtaUrl(args) => args.draft()?,
        Command::Location(args) => args.draft()?,
        Command::LocationRequest(args) => args.draft()?,
    };
    if draft.how.csv.file().is_some() {
        return csv::run(draft, globals, lookup).await;
    }
    if let (Some(provider), Some(to)) = (draft.how.direct, draft.how.to) {
        let mut body = draft.body;
        // Required in the body, and without a meaning for a provider.
        for key in ["agentId", "conversationId"] {
            body.insert(key.to_owned(), "direct".into());
        }
        let settings = credentials::settings(draft.how.settings);
        let message = (draft.kind.read)(body).map_err(Failure::Fields)?;
        let direct = Direct::new(provider, &settings, to, message, lookup)?;
        return if draft.how.dry_run {
            direct.preview()
        } else {
            direct.send().await
        };
    }
    let client = globals.client(lookup)?.queueing(draft.how.is_async);
    let path = (draft.kind.path)(&draft.body);
    let body = draft.body.clone().into();
    let at = draft.how.at.map(|at| ("sendAt", at.to_string()));
    let mut query = Vec::from_iter(at);
    if draft.how.dry_run {
        query.push(("dryRun", "true".to_owned()));
        let effect = Effect::Reads;
        let answer = client.call(Method::POST, &path, &query, Some(&body), effect);
        let answer = answer.await?;
        let message = (draft.kind.read)(draft.body.clone()).ok();
        let bubble = message.map(|message| bubble::of_content(&message.content));
        let views = dry_run::views(bubble, &answer.value);
        return Ok(Output::new(answer.text, views));
    }
    let key = draft.how.idempotency_key.unwrap_or_else(once::random);
    let answer = client.once(&path, &query, &body, &key).await?;
    let views = message::views(answer.value.get("message").unwrap_or(&Value::Null));
    Ok(Output::new(answer.text, views))
}
