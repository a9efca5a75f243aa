//! Signing in and out, and setting a password from a one-time link, as a person does it: by keyboard alone.

use recado_tests::browser::{Browser, View, browse};
use recado_tests::prelude::*;
use thirtyfour::prelude::*;

use super::docs::try_a_call;

const PASSWORD: &str = "uma frase bem longa";

/// What the pages say in one language.
struct Words {
    set_password: &'static str,
    differ: &'static str,
    length: &'static str,
    password_set: &'static str,
    sign_in: &'static str,
    wrong: &'static str,
    hello: &'static str,
    docs: &'static str,
    docs_title: &'static str,
    sign_out: &'static str,
    signed_out: &'static str,
    link_ended: &'static str,
    too_many: &'static str,
}

const PORTUGUESE: Words = Words {
    set_password: "Definir senha",
    differ: "As duas senhas não são iguais.",
    length: "A senha precisa ter de 12 a 256 caracteres.",
    password_set: "Senha definida. Agora entre com ela.",
    sign_in: "Entrar",
    wrong: "E-mail ou senha incorretos.",
    hello: "Olá, Ana <Souza>",
    docs: "Documentação da API",
    docs_title: "API do Recado",
    sign_out: "Sair",
    signed_out: "Você saiu da sua conta.",
    link_ended: "Este link não vale mais",
    too_many: "Muitas tentativas. Tente de novo em 15 minutos.",
};

const ENGLISH: Words = Words {
    set_password: "Set password",
    differ: "The two passwords are not the same.",
    length: "The password needs 12 to 256 characters.",
    password_set: "Your password is set. Sign in with it now.",
    sign_in: "Sign in",
    wrong: "The e-mail or the password is wrong.",
    hello: "Hello, Ana <Souza>",
    docs: "API documentation",
    docs_title: "Recado API",
    sign_out: "Sign out",
    signed_out: "You have signed out.",
    link_ended: "This link no longer works",
    too_many: "Too many attempts. Try again in 15 minutes.",
};

fn words(view: View) -> &'static Words {
    if view.language == "en" {
        &ENGLISH
    } else {
        &PORTUGUESE
    }
}

/// Creates a user of the organization `demo`; returns the link with which the user sets a password.
async fn invite(world: &World, email: &str) -> String {
    let user = json!({"email": email, "name": "Ana <Souza>", "role": "owner"});
    let created = world
        .operator
        .create("/organizations/demo/users", user)
        .await;
    let link = created["link"]["url"].clone();
    link.as_str().expect("a URL").to_owned()
}

/// A person in front of a browser.
struct Person<'a> {
    browser: &'a Browser,
    world: &'a World,
}

impl Person<'_> {
    /// Waits for the page with that heading, and checks it as every page is checked.
    async fn reads(&self, heading: &str) -> anyhow::Result<()> {
        self.browser.text("h1", heading).await?;
        self.check().await
    }

    /// Waits for the form with that notice above it.
    async fn is_noticed(&self, notice: &str) -> anyhow::Result<()> {
        self.browser.text(".notice[role=status]", notice).await?;
        self.check().await
    }

    /// Waits for the problem at that field, which has the focus and is empty again.
    async fn is_told(&self, field: &str, problem: &str) -> anyhow::Result<()> {
        let alert = format!("#{field}-problem[role=alert]");
        self.browser.text(&alert, problem).await?;
        let described = format!(
            "#{field}:focus:not([value])[aria-invalid=true][aria-describedby~={field}-problem]"
        );
        self.browser.element(&described).await?;
        self.check().await
    }

    async fn check(&self) -> anyhow::Result<()> {
        self.browser.check_accessibility().await?;
        self.browser.check_logs(&self.world.url).await
    }

    /// Fills the fields from the focused one on, with the keyboard alone, and sends the form.
    async fn fills(&self, texts: &[&str]) -> anyhow::Result<()> {
        for (index, text) in texts.iter().enumerate() {
            if index > 0 {
                self.browser.press(Key::Tab).await?;
            }
            self.browser.press(*text).await?;
        }
        self.browser.press(Key::Enter).await
    }

    /// Goes to the control with that text by the Tab key, where its focus shows, and uses it.
    async fn tabs_to(&self, control: &str) -> anyhow::Result<()> {
        for _ in 0..12 {
            self.browser.press(Key::Tab).await?;
            let focused = self.browser.script(FOCUSED).await?;
            assert_ne!(focused[1], "none", "the focus on {} shows", focused[0]);
            if focused[0] == control {
                return self.browser.press(Key::Enter).await;
            }
        }
        anyhow::bail!("the Tab key does not lead to {control}")
    }

    /// Sets a password with a link, after two tries that are refused.
    async fn sets_a_password(&self, words: &Words, link: &str) -> anyhow::Result<()> {
        self.browser.driver.goto(link).await?;
        self.reads(words.set_password).await?;
        self.browser.element("#password:focus").await?;
        self.fills(&[PASSWORD, "outra frase bem longa"]).await?;
        self.is_told("repeatedPassword", words.differ).await?;
        self.browser.driver.goto(link).await?;
        self.browser.text("h1", words.set_password).await?;
        self.fills(&["curta", "curta"]).await?;
        self.is_told("password", words.length).await?;
        self.fills(&[PASSWORD, PASSWORD]).await?;
        self.is_noticed(words.password_set).await?;
        let address = self.browser.driver.current_url().await?;
        assert!(address.as_str().contains("organization=demo"), "{address}");
        Ok(())
    }

    /// Signs in, after a wrong password.
    async fn signs_in(&self, words: &Words, email: &str) -> anyhow::Result<()> {
        self.browser.element("#email:focus").await?;
        self.fills(&[email, "a wrong password"]).await?;
        self.is_told("password", words.wrong).await?;
        let kept = self.browser.element("#email").await?.value().await?;
        assert_eq!(kept.as_deref(), Some(email));
        self.fills(&[PASSWORD]).await?;
        self.reads(words.hello).await
    }
}

/// The text of the element that has the focus, and how the browser outlines it.
const FOCUSED: &str = "const element = document.activeElement;
    return [element.textContent.trim(), getComputedStyle(element).outlineStyle];";

#[tokio::test]
async fn a_person_sets_a_password_signs_in_reads_the_documentation_and_signs_out() {
    let world = World::start().await;
    browse(async |browser| {
        for (number, view) in View::all().into_iter().enumerate() {
            let (email, words) = (format!("ana.{number}@example.com"), words(view));
            let link = invite(&world, &email).await;
            browser.look(view).await?;
            let person = Person {
                browser: &browser,
                world: &world,
            };
            person.sets_a_password(words, &link).await?;
            person.signs_in(words, &email).await?;
            person.tabs_to(words.docs).await?;
            let introduction = browser.element(".introduction .notice").await?;
            let introduction = introduction.text().await?;
            assert!(introduction.contains(&email), "{introduction}");
            try_a_call(&browser).await?;
            person.check().await?;
            browser.driver.refresh().await?;
            browser.text("h1", words.docs_title).await?;
            person.tabs_to(words.sign_out).await?;
            person.is_noticed(words.signed_out).await?;
            browser.driver.goto(&link).await?;
            person.reads(words.link_ended).await?;
            person.tabs_to(words.sign_in).await?;
            person.reads(words.sign_in).await?;
        }
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn a_person_who_tried_too_often_is_told_when_to_come_back() {
    let world = World::start().await;
    browse(async |browser| {
        for view in View::all().into_iter().filter(|view| view.width == 360) {
            let words = words(view);
            browser.look(view).await?;
            let person = Person {
                browser: &browser,
                world: &world,
            };
            let url = format!("{}/sign-in", world.url);
            browser.driver.goto(url).await?;
            person.reads(words.sign_in).await?;
            let stranger = format!("{}.{}@example.com", view.language, view.dark);
            person.fills(&[&stranger, "a wrong password"]).await?;
            for _ in 0..5 {
                person.is_told("password", words.wrong).await?;
                person.fills(&["another wrong password"]).await?;
            }
            person.is_told("password", words.too_many).await?;
        }
        Ok(())
    })
    .await;
}
