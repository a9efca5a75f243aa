//! A real Chromium, driven as a person would: what only a browser can say of a page.

use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use thirtyfour::common::capabilities::desiredcapabilities::CapabilitiesHelper as _;
use thirtyfour::prelude::*;
use thirtyfour::testing::run_browser_test;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::Semaphore;

/// Drives the browser of its own version, which it finds itself.
const DRIVER: &str = "chromedriver";

/// Longest that one browser may be used.
const DEADLINE: Duration = Duration::from_mins(5);

/// Longest that the driver may take to start, and a script in a page to run.
const STEP_TIMEOUT: Duration = Duration::from_mins(1);

/// Longest that an element is waited for, and how often the page is asked.
const ELEMENT_TIMEOUT: Duration = Duration::from_secs(20);
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// Deque's checks of accessibility; see tests/third-party/axe-core.
const AXE: &str = include_str!("../third-party/axe-core/axe.min.js");

/// Runs every check in the page.
const RUN_AXE: &str = "
    const [done] = arguments;
    axe.run(document, { resultTypes: ['violations'] })
        .then(({ violations }) => done(violations.map(({ id, help, nodes }) =>
            `${id}: ${help}: ${nodes.map(({ html, failureSummary }) => `${html} (${failureSummary})`).join('; ')}`)))
        .catch((error) => done([`axe-core: ${error}`]));
";

/// How wide the page is, and how much of that fits.
const WIDTHS: &str = "const { scrollWidth, clientWidth } = document.documentElement; return [scrollWidth, clientWidth]";

/// What the console says of an answer that is an error; the page itself shows what is wrong.
const STATUS: &str = "Failed to load resource: the server responded with a status of 4";

/// What a failed test tells of the page.
const PAGE: &str =
    "return [location.href, document.activeElement.outerHTML, document.body.innerText]";

/// A browser is large: the tests of one program use one at a time.
static TURN: Semaphore = Semaphore::const_new(1);

/// One window of a browser that no one has used before.
pub struct Browser {
    pub driver: WebDriver,
}

/// How a person looks at a page.
#[derive(Debug, Clone, Copy)]
pub struct View {
    /// Width of the window in CSS pixels.
    pub width: u32,
    /// The language that the browser asks for.
    pub language: &'static str,
    pub dark: bool,
}

impl View {
    /// Returns a telephone and a computer, in both languages and both themes.
    pub fn all() -> Vec<Self> {
        let all = (0..8).map(|number| Self {
            width: [360, 1280][number / 4],
            language: ["pt-BR", "en"][number / 2 % 2],
            dark: number % 2 == 1,
        });
        all.collect()
    }

    /// Tells whether the pages are in English.
    pub fn is_english(self) -> bool {
        self.language == "en"
    }
}

/// Runs `test` with a fresh browser, and ends the browser also if the test fails.
pub async fn browse<F, Fut>(test: F)
where
    F: FnOnce(Browser) -> Fut,
    Fut: Future<Output = anyhow::Result<()>>,
{
    let _turn = TURN.acquire().await.expect("a semaphore that stays open");
    let run = async {
        let (_driver, url) = start_driver().await?;
        let session = WebDriver::new(url, capabilities()?);
        let test = async |driver: WebDriver| -> anyhow::Result<()> {
            driver.set_script_timeout(STEP_TIMEOUT).await?;
            let browser = Browser {
                driver: driver.clone(),
            };
            let Err(error) = test(browser).await else {
                return Ok(());
            };
            let page = driver.execute(PAGE, vec![]).await?;
            // The runner shows an error without its causes.
            anyhow::bail!("{error:#}; the page:\n{:#}", page.json())
        };
        run_browser_test(session, test).await?;
        anyhow::Ok(())
    };
    let ended = tokio::time::timeout(DEADLINE, run).await;
    let ended = ended.context("the browser was not done in time").flatten();
    if let Err(error) = ended {
        panic!("{error:?}");
    }
}

/// Starts a driver on a free port; it ends with the value.
async fn start_driver() -> anyhow::Result<(Child, String)> {
    let mut driver = Command::new(DRIVER)
        .arg("--port=0")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .context("chromedriver does not start; `cargo xtask test` installs it or says how")?;
    let output = driver.stdout.take().context("an output")?;
    let mut lines = BufReader::new(output).lines();
    let started = async {
        while let Some(line) = lines.next_line().await? {
            let port = line.rsplit_once("successfully on port ");
            if let Some((_, port)) = port {
                return Ok(format!("http://127.0.0.1:{}", port.trim_end_matches('.')));
            }
        }
        anyhow::bail!("chromedriver ended before it said its port");
    };
    let url = tokio::time::timeout(STEP_TIMEOUT, started)
        .await
        .context("chromedriver did not start in time")??;
    // A pipe that is full would stop the driver.
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    Ok((driver, url))
}

fn capabilities() -> anyhow::Result<Capabilities> {
    let mut capabilities = DesiredCapabilities::chrome();
    for argument in [
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
    ] {
        capabilities.add_arg(argument)?;
    }
    // The console, and every request of every page.
    let logs = json!({"browser": "ALL", "performance": "ALL"});
    capabilities.set("goog:loggingPrefs", logs)?;
    Ok(capabilities.into())
}

impl Browser {
    /// Makes the window as wide as that, and asks for that language and theme from now on.
    pub async fn look(&self, view: View) -> anyhow::Result<()> {
        let View {
            width,
            language,
            dark,
        } = view;
        let size = json!({"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": false});
        self.emulate("Emulation.setDeviceMetricsOverride", size)
            .await?;
        let theme = if dark { "dark" } else { "light" };
        let theme = json!({"features": [{"name": "prefers-color-scheme", "value": theme}]});
        self.emulate("Emulation.setEmulatedMedia", theme).await?;
        let agent = self.script("return navigator.userAgent").await?;
        let agent = json!({"userAgent": agent, "acceptLanguage": language});
        self.emulate("Emulation.setUserAgentOverride", agent).await
    }

    async fn emulate(&self, command: &str, parameters: Value) -> anyhow::Result<()> {
        let answered = self.driver.cdp().send_raw(command, parameters).await;
        answered.with_context(|| command.to_owned())?;
        Ok(())
    }

    /// Runs a script in the page; returns what it returns.
    pub async fn script(&self, script: &str) -> anyhow::Result<Value> {
        let answered = self.driver.execute(script, vec![]).await?;
        Ok(answered.json().clone())
    }

    /// Waits for the element of that CSS selector, and returns it.
    pub async fn element(&self, selector: &str) -> anyhow::Result<WebElement> {
        let query = self.driver.query(By::Css(selector));
        let found = query.wait(ELEMENT_TIMEOUT, POLL_INTERVAL).single().await;
        found.with_context(|| selector.to_owned())
    }

    /// Waits until the element of that CSS selector shows that text.
    pub async fn text(&self, selector: &str, text: &str) -> anyhow::Result<()> {
        // An element of a page that is being replaced cannot be asked for its text.
        let query = self.driver.query(By::Css(selector)).ignore_errors(true);
        let query = query.with_text(text.to_owned());
        let found = query.wait(ELEMENT_TIMEOUT, POLL_INTERVAL).first().await;
        found.with_context(|| format!("{selector} does not show {text}"))?;
        Ok(())
    }

    /// Types on the keyboard, into the element that has the focus.
    pub async fn press(&self, keys: impl Into<TypingData>) -> anyhow::Result<()> {
        let focused = self.driver.active_element().await?;
        Ok(focused.send_keys(keys).await?)
    }

    /// Fails if the page is wider than the window, or breaks a rule of axe-core.
    pub async fn check_accessibility(&self) -> anyhow::Result<()> {
        let width = self.script(WIDTHS).await?;
        ensure!(
            width[0] == width[1],
            "the page is wider than the window: {width}"
        );
        self.driver.execute(AXE, vec![]).await.context("axe-core")?;
        let found = self.driver.execute_async(RUN_AXE, vec![]).await?;
        ensure!(*found.json() == json!([]), "{:#}", found.json());
        Ok(())
    }

    /// Fails if a page wrote an error or a warning to the console since the last call, but for the status of
    /// a page that says what is wrong, or asked another server than the one at `url` for anything.
    pub async fn check_logs(&self, url: &str) -> anyhow::Result<()> {
        for entry in self.driver.get_log("browser").await? {
            let quiet = matches!(entry.level.as_str(), "INFO" | "DEBUG" | "FINE");
            let status = entry.message.contains(STATUS);
            ensure!(quiet || status, "{}: {}", entry.level, entry.message);
        }
        for entry in self.driver.get_log("performance").await? {
            let event: Value = serde_json::from_str(&entry.message)?;
            if event["message"]["method"] != "Network.requestWillBeSent" {
                continue;
            }
            let asked = event["message"]["params"]["request"]["url"].as_str();
            let asked = asked.context("a request without a URL")?;
            let own = [&format!("{url}/"), "data:", "blob:"]
                .iter()
                .any(|start| asked.starts_with(start));
            ensure!(own, "the page asked {asked}");
        }
        Ok(())
    }
}
