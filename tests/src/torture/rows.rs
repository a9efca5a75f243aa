//! Files of rows that the command line sends, is killed at, and continues.

use std::collections::HashMap;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use fastrand::Rng;
use tokio::time::{Instant, timeout_at};

use super::asking::Wish;
use super::history::{Answer, Send, Way};
use super::load::{BUTTONS, Journal};
use super::side::Side;
use crate::binaries::command;

/// Rows of a file.
const ROWS: usize = 60;

/// Runs of a hundred that are killed.
const KILLED: u32 = 70;

/// How soon, in milliseconds.
const KILLED_WITHIN: u64 = 3000;

/// The exit code of wrong arguments or a wrong file.
const WRONG_INPUT: i32 = 2;

/// A client of an organization that sends files.
pub struct Clerk {
    pub side: Arc<Side>,
    /// The place of the organization.
    pub tenant: usize,
    pub journal: Journal,
    pub random: Rng,
}

impl Clerk {
    /// Sends one file after the other until the storm ends.
    pub async fn run(mut self, end: Instant) -> anyhow::Result<()> {
        let folder = tempfile::tempdir()?;
        for number in 0_u64.. {
            if Instant::now() >= end {
                break;
            }
            let wishes = self.wishes(number);
            let file = folder.path().join(format!("{number}.csv"));
            tokio::fs::write(&file, table(&wishes)?).await?;
            let asked = self.journal.now();
            let mut told = HashMap::new();
            while Instant::now() < end && told.len() < ROWS {
                self.send(&file, end).await?;
                let ended = self.journal.now();
                for (row, answer) in results(&file).await? {
                    told.entry(row).or_insert((answer, ended));
                }
            }
            self.note(wishes, asked, &mut told);
        }
        Ok(())
    }

    fn wishes(&mut self, number: u64) -> Vec<Wish> {
        let tenant = &self.side.tenants[self.tenant];
        let wish = |row| {
            let place = self.random.usize(0..tenant.conversations.len());
            Wish {
                conversation: tenant.conversations[place].id.clone(),
                text: format!("{} rows {number} {row}", tenant.id),
            }
        };
        (0..ROWS).map(wish).collect()
    }

    /// Runs the command, which sends the rows that have no result yet, and kills it perhaps.
    async fn send(&mut self, file: &Path, end: Instant) -> anyhow::Result<()> {
        let tenant = &self.side.tenants[self.tenant];
        let mut send = command("recado")?;
        let server = format!("http://{}", self.side.front.address);
        send.args(["send", "buttons", "--agent", "agent-123", "--csv"])
            .arg(file)
            .args(["--footer", "Até 18h", "--concurrency", "4"])
            .args(BUTTONS.map(|(id, title)| format!("--button={id}={title}")))
            .envs([
                ("RECADO_SERVER", &*server),
                ("RECADO_KEY", tenant.client.key()),
            ])
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let mut process = send.spawn().context("cannot run recado")?;
        let is_killed = self.random.u32(0..100) < KILLED;
        let wait = Duration::from_millis(self.random.u64(0..KILLED_WITHIN));
        let until = if is_killed {
            Instant::now() + wait
        } else {
            end
        };
        if let Ok(ended) = timeout_at(until.min(end), process.wait()).await {
            let is_wrong = ended?.code() == Some(WRONG_INPUT);
            ensure!(!is_wrong, "recado refuses its arguments or its file");
        } else {
            process.kill().await?;
        }
        Ok(())
    }

    /// Notes what was told of each row, and when.
    fn note(&self, wishes: Vec<Wish>, asked: u64, told: &mut HashMap<usize, (Answer, u64)>) {
        let now = self.journal.now();
        let sends = wishes.into_iter().enumerate().map(|(row, wish)| {
            let (answer, ended) = told.remove(&row).unwrap_or((Answer::Nothing, now));
            Send {
                organization: self.side.tenants[self.tenant].id.clone(),
                conversation: wish.conversation,
                text: wish.text,
                way: Way::Row,
                asked,
                ended,
                answer,
            }
        });
        self.journal.written().sends.extend(sends);
    }
}

fn table(wishes: &[Wish]) -> anyhow::Result<Vec<u8>> {
    let mut table = csv::Writer::from_writer(Vec::new());
    table.write_record(["conversation", "body"])?;
    for wish in wishes {
        table.write_record([&wish.conversation, &wish.text])?;
    }
    Ok(table.into_inner()?)
}

/// Reads the result file, of which the last line of a row counts.
async fn results(file: &Path) -> anyhow::Result<HashMap<usize, Answer>> {
    let file = format!("{}.result.csv", file.display());
    // A command that was killed at once has none.
    let text = tokio::fs::read_to_string(file).await.unwrap_or_default();
    // It may have been killed within a line.
    let text = &text[..text.rfind('\n').map_or(0, |end| end + 1)];
    let mut reader = csv::ReaderBuilder::new();
    let mut reader = reader
        .comment(Some(b'#'))
        .flexible(true)
        .from_reader(text.as_bytes());
    let mut results = HashMap::new();
    for record in reader.records() {
        let record = record?;
        let cell = |place| record.get(place).unwrap_or_default().to_owned();
        // The first line has the names of the columns.
        let row = cell(0).parse::<usize>()?.saturating_sub(2);
        let message_id = Some(cell(1)).filter(|id| !id.is_empty());
        let answer = match (&*cell(2), message_id) {
            ("accepted", Some(message_id)) => Answer::Accepted {
                message_id,
                external_id: None,
            },
            ("rejected" | "unknown", message_id) => Answer::Refused {
                // A row has the reason of the answer, and not its status.
                status: 500,
                reason: cell(3),
                message_id,
            },
            _ => continue,
        };
        results.insert(row, answer);
    }
    Ok(results)
}
