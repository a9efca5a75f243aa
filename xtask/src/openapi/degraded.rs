//! Documents that got worse: the check of each kind has to notice one.

use std::{fs, process::Command};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use super::{Gateway, Tools};
use crate::cargo::run as run_command;

/// A part of the document that is removed, and the word with which its check complains.
struct Loss {
    /// The object that loses a member, as a JSON pointer.
    object: &'static str,
    member: &'static str,
    complaint: &'static str,
}

const fn without(object: &'static str, member: &'static str, complaint: &'static str) -> Loss {
    Loss {
        object,
        member,
        complaint,
    }
}

/// Runs each check on a document that it must not accept.
pub(super) fn check(tools: &Tools, document: &str, gateway: &Gateway) -> Result<()> {
    let worse = |loss: &Loss| write_without(tools, document, loss);
    let loss = without(
        "/paths/~1agents/get",
        "description",
        "operation-description",
    );
    refuses(tools.spectral(&worse(&loss)?), &loss)?;
    let loss = without("", "servers", "no-empty-servers");
    refuses(tools.redocly(&worse(&loss)?), &loss)?;

    let loss = without(
        "/components/schemas/ButtonPressedData/properties",
        "button",
        "error TS",
    );
    run_command(&mut tools.typescript(&worse(&loss)?))?;
    refuses(tools.compiler(), &loss)?;
    let loss = without(
        "/components/schemas/MessageStatus",
        "enum",
        "cannot import name 'MessageStatus'",
    );
    run_command(&mut tools.python(&worse(&loss)?))?;
    let client = ["client.py", &gateway.url, &gateway.key];
    refuses(tools.command("python/bin/python", &client), &loss)?;

    let loss = without(
        "/paths/~1agents~1{id}/get/responses",
        "404",
        "Undocumented status code",
    );
    let only = ["--include-operation-id", "showAgent"];
    let proof = format!("Authorization: Bearer {}", gateway.key);
    let random = tools.random(&worse(&loss)?, &gateway.url, &proof, &only);
    refuses(random, &loss)
}

/// Writes the document without that part, and returns its path.
fn write_without(tools: &Tools, document: &str, loss: &Loss) -> Result<String> {
    let mut whole: Value = serde_json::from_str(&fs::read_to_string(document)?)?;
    let object = whole
        .pointer_mut(loss.object)
        .and_then(Value::as_object_mut);
    let removed = object.and_then(|object| object.remove(loss.member));
    removed.with_context(|| format!("the document has no {}/{}", loss.object, loss.member))?;
    let path = tools.folder.join("worse.json");
    fs::write(&path, whole.to_string())?;
    let path = path.to_str().context("a path in UTF-8")?;
    Ok(path.to_owned())
}

/// Fails if the check accepts the document, or complains of anything else.
fn refuses(mut check: Command, loss: &Loss) -> Result<()> {
    let output = check.output()?;
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    ensure!(
        !output.status.success() && said.contains(loss.complaint),
        "the document without {}/{} is not refused with `{}`:\n{said}",
        loss.object,
        loss.member,
        loss.complaint
    );
    Ok(())
}
