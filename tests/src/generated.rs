//! The documents that are made from code: the API, its errors, the limits and the configuration.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::Args as _;
use recado_core::Capabilities;
use recado_core::capabilities::{Basis, Limit, Source, WHATSAPP, WUZAPI_FORK, ZAPI, ZAPPERAPI_V2};
use recado_server::config::ConfigArgs;
use recado_server::error::Reason;

use crate::access;

const NOTICE: &str = "<!-- Made by `cargo xtask docs`; do not edit. -->\n\n";

/// Every generated document, by its path from the root of the repository.
///
/// # Errors
///
/// The `OpenAPI` document cannot be written as JSON.
pub fn documents() -> anyhow::Result<Vec<(PathBuf, String)>> {
    Ok(vec![
        (
            "docs/openapi.json".into(),
            recado_server::openapi().to_pretty_json()? + "\n",
        ),
        ("docs/access.md".into(), access::document(NOTICE)?),
        ("docs/errors.md".into(), errors()?),
        ("docs/limits.md".into(), limits()?),
        ("docs/configuration.md".into(), configuration()?),
    ])
}

/// The root of the repository.
#[must_use]
pub fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

fn errors() -> anyhow::Result<String> {
    let mut text = format!(
        "{NOTICE}# Errors\n\nEvery error has one shape, on every route, and `error` is always a string.\n\
         Branch on `reason`: the words below do not change.\n\n\
         ```json\n{{ \"error\": \"one sentence that a person can act on\", \"reason\": \"too_many_buttons\", \"code\": 131009,\n  \
         \"details\": {{ \"_errors\": [], \"button_1_title\": {{ \"_errors\": [\"Required\"] }} }}, \"requestId\": \"…\" }}\n```\n\n\
         `code` is there where the provider's number is known, `details` only with 400, `messageId` where a message was written down.\n\n\
         | Status | reason | When |\n|---|---|---|\n"
    );
    for reason in Reason::ALL {
        let (word, when) = (reason.as_str(), reason.describe());
        writeln!(text, "| {} | `{word}` | {when} |", reason.status().as_u16())?;
    }
    Ok(text)
}

fn limits() -> anyhow::Result<String> {
    let providers: [(&str, &Capabilities); 4] = [
        ("WhatsApp Cloud API", &WHATSAPP),
        ("Z-API", &ZAPI),
        ("ZapperHUB", &ZAPPERAPI_V2),
        ("ZapperHUB, dialect wuzapi", &WUZAPI_FORK),
    ];
    let mut text = format!(
        "{NOTICE}# Limits\n\nWhat each provider carries, checked before anything is sent. Lengths count Unicode code points.\n"
    );
    for (name, limits) in providers {
        write!(
            text,
            "\n## {name}\n\n`{}`\n\n| What | Least | Most | Basis | Source |\n|---|---|---|---|---|\n",
            limits.api
        )?;
        for (what, limit) in [
            ("buttons", &limits.buttons),
            ("button id", &limits.button_id),
            ("button title", &limits.button_title),
            ("body", &limits.body),
            ("header", &limits.header),
            ("footer", &limits.footer),
        ] {
            let Limit { min, max, source } = limit;
            writeln!(
                text,
                "| {what} | {min} | {max} | {} | {} |",
                basis(source),
                source.text
            )?;
        }
        for (what, rule) in [
            ("ids differ", limits.distinct_ids),
            ("titles differ", limits.distinct_titles),
            ("ids without white space at their ends", limits.trimmed_ids),
            ("header and titles on one line", limits.single_line),
        ] {
            if let Some(source) = rule {
                writeln!(
                    text,
                    "| {what} | | | {} | {} |",
                    basis(&source),
                    source.text
                )?;
            }
        }
        let recipients: Vec<_> = limits.recipients.iter().map(|kind| kind.title()).collect();
        writeln!(text, "\nRecipients: {}.", recipients.join(", "))?;
    }
    Ok(text)
}

const fn basis(source: &Source) -> &'static str {
    match source.basis {
        Basis::Documented => "documented",
        Basis::Observed => "observed",
        Basis::Inferred => "inferred",
    }
}

fn configuration() -> anyhow::Result<String> {
    let mut text = format!(
        "{NOTICE}# Configuration of recado-server\n\nFlags and environment say the same thing; a flag wins.\n\
         Every secret may come from a file instead, but not both ways at once.\n\
         `recado-server check-config` prints what is in force, with secrets hidden, makes the checks of the server's start, and fails when the server would.\n\n\
         | Variable | Flag | Default | What |\n|---|---|---|---|\n"
    );
    let command = ConfigArgs::augment_args(clap::Command::new("recado-server"));
    for argument in command.get_arguments() {
        let variable = argument
            .get_env()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        let flag = argument.get_long().unwrap_or_default();
        let default: Vec<_> = argument
            .get_default_values()
            .iter()
            .filter_map(|value| value.to_str())
            .collect();
        let help = argument
            .get_help()
            .map(ToString::to_string)
            .unwrap_or_default();
        let default = if default.is_empty() {
            String::new()
        } else {
            format!("`{}`", default.join(" "))
        };
        writeln!(text, "| `{variable}` | `--{flag}` | {default} | {help} |")?;
    }
    Ok(text)
}
