//! `recado-server user`

use std::io;

use anyhow::{Context as _, anyhow, bail, ensure};
use clap::Args;
use jiff::Timestamp;
use recado_core::{OrganizationId, Role, TextField, UserId, fields};
use recado_server::config::ConfigArgs;
use recado_server::sign_in;
use recado_server::sign_in::passwords::{PASSWORD_CHARS, Passwords, check_length};
use recado_server::startup::Settings;
use recado_server::telemetry::logging;
use recado_store::{Author, Store, StoreError, User};
use secrecy::{ExposeSecret as _, SecretString};
use uuid::Uuid;

use super::say;

#[derive(Args)]
pub(crate) struct NewUserArgs {
    /// The id of the organization that the person belongs to
    #[arg(long, visible_alias = "org", value_name = "ID")]
    organization: OrganizationId,
    /// The e-mail address with which the person signs in
    #[arg(long)]
    email: String,
    /// The name of the person
    #[arg(long)]
    name: String,
    /// What the person may do: an owner everything, an agent read and send, a viewer read
    #[arg(long)]
    role: Role,
    /// Ask for no password, and print a one-time link with which the person sets it within a day
    #[arg(long)]
    link: bool,
}

/// Creates a user, with the password that is asked for or with a link to set it.
pub(crate) async fn create(config: &ConfigArgs, args: NewUserArgs) -> anyhow::Result<()> {
    logging::init(&config.log)?;
    let settings = Settings::check(config).await?;
    settings.check_existence()?;
    let author = Author::command_line(Timestamp::now());
    let user = new_user(&args, author.at)?;
    // Before the user is created: a person who breaks off here leaves nothing behind.
    let hash = if args.link {
        None
    } else {
        let password = ask_twice(rpassword::prompt_password)?;
        let hashed = Passwords::default().hash(password).await;
        Some(hashed.map_err(|_| anyhow!("the password cannot be hashed"))?)
    };
    let store = settings.open_database().await?;
    insert(&store, &user, &author).await?;
    let url = config.public_url(settings.listen);
    let base = url.as_str().trim_end_matches('/');
    let (organization, id) = (&user.organization_id, &user.id);
    if let Some(hash) = hash {
        store.set_password(organization, id, &hash, &author).await?;
        say(format_args!(
            "{id} may sign in as {} at {base}/sign-in",
            user.email
        ));
    } else {
        let link = sign_in::create_link(&store, &url, &user, &author).await?;
        say(link.context("the user was deleted meanwhile")?.url);
    }
    store.close().await;
    Ok(())
}

fn new_user(args: &NewUserArgs, now: Timestamp) -> anyhow::Result<User> {
    let email = sign_in::email(&args.email)
        .map_err(|_| anyhow!("--email is not an e-mail address such as ana@example.com"))?;
    fields::name(&TextField::Text(args.name.clone()))
        .map_err(|error| anyhow!("--name: {}", error.message.unwrap_or_default()))?;
    Ok(User {
        id: UserId::from_uuid(Uuid::now_v7()),
        organization_id: args.organization.clone(),
        email,
        name: args.name.clone(),
        role: args.role,
        has_password: false,
        created_at: now,
        last_sign_in_at: None,
    })
}

async fn insert(store: &Store, user: &User, author: &Author) -> anyhow::Result<()> {
    let organization = &user.organization_id;
    // A deleted organization still has its row.
    let found = store.get_organization(organization).await?;
    ensure!(
        found.is_some(),
        "the organization {organization} does not exist"
    );
    match store.create_user(user, author).await {
        Err(StoreError::Conflict) => bail!(
            "the organization {organization} has a user with the e-mail address {} already",
            user.email
        ),
        created => Ok(created?),
    }
}

fn ask_twice(
    mut ask: impl FnMut(&'static str) -> io::Result<String>,
) -> anyhow::Result<SecretString> {
    let mut ask = |prompt| {
        let answer = ask(prompt).map(SecretString::from);
        answer.context("the password is asked for on a terminal; without one use --link")
    };
    let password = ask("Password: ")?;
    let (fewest, most) = PASSWORD_CHARS;
    ensure!(
        check_length("password", &password).is_ok(),
        "a password has {fewest} to {most} characters; no user was created"
    );
    ensure!(
        ask("The same again: ")?.expose_secret() == password.expose_secret(),
        "the two passwords differ; no user was created"
    );
    Ok(password)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers(answers: &[&'static str]) -> anyhow::Result<SecretString> {
        let mut answers = answers.iter();
        ask_twice(|_| {
            let answer = answers.next().map(|answer| (*answer).to_owned());
            answer.ok_or_else(|| io::ErrorKind::NotFound.into())
        })
    }

    #[test]
    fn a_password_is_long_enough_and_the_same_twice() {
        let good = "correct horse battery";
        let password = answers(&[good, good]).expect("a password");
        assert_eq!(password.expose_secret(), good);
        for given in [
            &["short", "short"][..],
            &[good, "correct horse batterx"],
            &[good],
            &[],
        ] {
            assert!(answers(given).is_err(), "{given:?}");
        }
    }
}
