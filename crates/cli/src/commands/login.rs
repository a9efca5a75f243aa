//! `recado login` and `recado logout`: a person's own key, in a profile.

use std::io::{IsTerminal as _, Write as _};

use recado_core::OrganizationId;
use serde_json::{Value, json};
use url::Url;

use super::{key::in_days, once};
use crate::profiles::{Profile, Profiles};
use crate::{
    Answer, Client, ExitCode, Failure, Globals, Output, Result, api::address::is_loopback, note,
};

#[derive(clap::Args)]
pub(crate) struct LoginArgs {
    /// E-mail address of the user [default: asked for]
    #[arg(long)]
    email: Option<String>,
    /// The organization, if several have a user with this e-mail address
    #[arg(long, value_name = "ID")]
    org: Option<OrganizationId>,
    /// Days until the key expires
    #[arg(long, value_name = "N", default_value_t = 90, value_parser = clap::value_parser!(u16).range(1..=365))]
    days: u16,
}

#[derive(clap::Args)]
pub(crate) struct LogoutArgs {
    /// Forget the key even if the server does not answer: it works there until it expires
    #[arg(long)]
    forget: bool,
}

/// Asks for e-mail address and password, and keeps a key in the profile; the session ends at once.
pub(crate) async fn login(args: LoginArgs, globals: &Globals) -> Result<Output> {
    let mut profiles = Profiles::load()?;
    let name = profiles.name(globals.profile()).to_owned();
    let server = globals.server(profiles.get(&name))?;
    if let (Some(kept), None) = (profiles.get(&name), globals.profile())
        && kept.server.origin() != server.origin()
    {
        return Err(Failure::Usage(format!(
            "profile `{name}` is for {}: name the new one with --profile, or replace this one with --profile {name}",
            kept.server
        )));
    }
    if !std::io::stdin().is_terminal() {
        return Err(Failure::Usage(
            "`recado login` asks on a terminal; a program sets RECADO_KEY or RECADO_KEY_FILE"
                .to_owned(),
        ));
    }
    let email = match args.email {
        Some(email) => email,
        None => ask_email(&server)?,
    };
    if server.scheme() == "http" && !is_loopback(&server) {
        note(&format!(
            "the connection to {server} is not encrypted: others may read the password"
        ));
    }
    let password = rpassword::prompt_password("Password: ")
        .map_err(|error| Failure::Own(format!("cannot read the password: {error}")))?;
    let who = json!({"email": email, "password": password, "organizationId": args.org});
    let signed_in = Client::sign_in(server.clone(), &who).await;
    let (session, signed_in) = signed_in.map_err(explained)?;
    let wanted = json!({"name": "recado login", "expiresAt": in_days(args.days).to_string()});
    let path = ["sessions", "current", "api-key"];
    let made = session.once(&path, &[], &wanted, &once::random()).await;
    // The session is not needed any more, and ends by itself if this fails.
    if let Err(failure) = session.delete(&["sessions", "current"], &[]).await {
        note(&format!("the session was not ended: {failure}"));
    }
    let profile = profile(server, email, &made?, &signed_in)?;
    let output = signed_in_as(&name, &profile);
    let before = profiles.put(&name, profile);
    if let Err(failure) = profiles.save() {
        // The person would not have the key, which works at the server.
        if let Some(new) = profiles.get(&name) {
            retire(new).await;
        }
        return Err(failure);
    }
    if let Some(before) = before {
        retire(&before).await;
    }
    Ok(output)
}

pub(crate) async fn logout(args: LogoutArgs, globals: &Globals) -> Result<Output> {
    let mut profiles = Profiles::load()?;
    let name = profiles.name(globals.profile()).to_owned();
    let profile = profiles.get(&name).ok_or_else(|| profiles.unknown(&name))?;
    let client = Client::new(profile.server.clone(), &profile.key())?;
    match client.delete(&["api-keys", "current"], &[]).await {
        Ok(_) => {}
        // It expired, or was deleted before.
        Err(failure) if failure.exit_code() == ExitCode::Unauthorized => {}
        Err(failure) if args.forget => note(&format!("the key was not deleted: {failure}")),
        Err(failure) => {
            note("the profile is kept; `recado logout --forget` removes it all the same");
            return Err(failure);
        }
    }
    profiles.remove(&name);
    profiles.save()?;
    let json = json!({"profile": name}).to_string();
    Ok(Output::said(json, format!("signed out of profile {name}")))
}

fn ask_email(server: &Url) -> Result<String> {
    let ask = || {
        let mut terminal = std::io::stderr();
        write!(terminal, "Signing in at {server}\nE-mail: ")?;
        terminal.flush()?;
        let mut line = String::new();
        std::io::stdin().read_line(&mut line)?;
        Ok(line.trim().to_owned())
    };
    let email = ask().map_err(|error: std::io::Error| {
        Failure::Own(format!("cannot read the e-mail address: {error}"))
    })?;
    if email.is_empty() {
        return Err(Failure::Usage("no e-mail address was given".to_owned()));
    }
    Ok(email)
}

/// Reads the answers to a sign-in and to the creation of its key.
fn profile(server: Url, email: String, made: &Answer, signed_in: &Answer) -> Result<Profile> {
    let text = |value: &Value, pointer: &str| {
        let text = value.pointer(pointer).and_then(Value::as_str);
        text.map(str::to_owned)
            .ok_or_else(|| Failure::Own(format!("the server's answer has no {pointer}")))
    };
    Ok(Profile {
        server,
        organization_id: text(&signed_in.value, "/organizationId")?,
        email,
        key_id: text(&made.value, "/id")?,
        expires_at: text(&made.value, "/expiresAt").ok(),
        key: text(&made.value, "/key")?,
    })
}

/// Adds what to check if the server refuses the person.
fn explained(failure: Failure) -> Failure {
    let advice = "check the e-mail address and the password; with users in several organizations, name one with --org";
    let is_refused = failure.exit_code() == ExitCode::Unauthorized;
    failure.with_advice(is_refused.then(|| advice.to_owned()))
}

fn signed_in_as(name: &str, profile: &Profile) -> Output {
    let Profile {
        server,
        organization_id,
        email,
        expires_at,
        ..
    } = profile;
    let json = json!({"profile": name, "server": server.as_str(), "organizationId": organization_id,
        "email": email, "expiresAt": expires_at});
    let until = expires_at.as_deref().unwrap_or("it is deleted");
    let sentence = format!(
        "signed in to {organization_id} at {server} as {email}; the key of profile {name} works until {until}"
    );
    Output::said(json.to_string(), sentence)
}

/// Deletes a key that is replaced or could not be kept.
async fn retire(profile: &Profile) {
    let deleted = async {
        let client = Client::new(profile.server.clone(), &profile.key())?;
        client.delete(&["api-keys", "current"], &[]).await
    };
    if let Err(failure) = deleted.await
        && failure.exit_code() != ExitCode::Unauthorized
    {
        let id = &profile.key_id;
        note(&format!("the key {id} was not deleted: {failure}"));
    }
}
