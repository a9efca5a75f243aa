//! The log: which lines, and how each is written.

use std::borrow::Cow;
use std::fmt;
use std::io::IsTerminal as _;

use anyhow::{Context as _, bail, ensure};
use jiff::Timestamp;
use serde::Serialize;
use tracing::field::{Field, Visit};
use tracing::span::Record;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields};
use tracing_subscriber::registry::LookupSpan;

const EXPECTED: &str = "expected off, error, warn, info, debug or trace, or filters such as `info,recado_server=debug`";

/// The parts of Recado that log.
const PARTS: [&str; 4] = [
    "recado_server",
    "recado_store",
    "recado_providers",
    "recado_core",
];

/// The version of this program, which each line has.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What `RECADO_LOG` lets through.
///
/// Errors: it is neither levels nor filters. A word that is not a level would be the name of a target, hiding
/// everything else: it is more likely a typing error.
pub fn filter(text: &str) -> anyhow::Result<EnvFilter> {
    let is_level = |word: &str| word.parse::<LevelFilter>().is_ok();
    let mut words = text
        .split(',')
        .map(str::trim)
        .filter(|word| !word.is_empty())
        .peekable();
    // It would hide everything.
    ensure!(
        words.peek().is_some(),
        "RECADO_LOG names no level; {EXPECTED}"
    );
    let unknown = words.find(|word| !word.contains(['=', '[']) && !is_level(word));
    if let Some(word) = unknown {
        bail!("RECADO_LOG: `{word}` is not a level; {EXPECTED}");
    }
    let unknown = text.split(',').find_map(unknown_target);
    if let Some(target) = unknown {
        bail!(
            "RECADO_LOG: `{target}` is not a part of Recado; its parts are {}",
            PARTS.join(", ")
        );
    }
    EnvFilter::try_new(text).with_context(|| format!("RECADO_LOG: {EXPECTED}"))
}

/// Returns the target of a filter if it begins like a part of Recado and is not the name of one.
fn unknown_target(filter: &str) -> Option<&str> {
    let target = filter.split(['=', '[']).next().unwrap_or_default().trim();
    let part = target.split("::").next().unwrap_or_default();
    (part.starts_with("recado") && !PARTS.contains(&part)).then_some(part)
}

/// Starts logging: for people on a terminal, as JSON otherwise; always on standard error.
pub fn init(text: &str) -> anyhow::Result<()> {
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter(text)?)
        .with_writer(std::io::stderr);
    let started = if std::io::stderr().is_terminal() {
        lines.with_target(false).try_init()
    } else {
        let lines = lines.fmt_fields(SpanFields);
        lines.event_format(JsonLines).try_init()
    };
    started.map_err(|error| anyhow::anyhow!("cannot start logging: {error}"))
}

/// Returns an error as a line of the log, or `None` if the log is written for people.
pub fn last_line(error: &anyhow::Error) -> Option<String> {
    if std::io::stderr().is_terminal() {
        return None;
    }
    let mut line = Line::begin(Level::ERROR);
    line.put("message".into(), &format!("{error:#}"));
    Some(line.end(env!("CARGO_CRATE_NAME")))
}

/// Writes each event as one flat JSON object, which has the fields of its request too.
struct JsonLines;

impl<S, N> FormatEvent<S, N> for JsonLines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut line = Line::begin(*event.metadata().level());
        event.record(&mut line);
        for span in context.event_scope().into_iter().flatten() {
            let extensions = span.extensions();
            if let Some(fields) = extensions.get::<FormattedFields<N>>() {
                line.put_fields(fields);
            }
        }
        writeln!(writer, "{}", line.end(event.metadata().target()))
    }
}

/// Keeps the fields of a span as they stand in a line, with line ends between them, which JSON writes as `\n`.
struct SpanFields;

impl<'w> FormatFields<'w> for SpanFields {
    fn format_fields<R: RecordFields>(&self, mut writer: Writer<'w>, fields: R) -> fmt::Result {
        let mut line = Line {
            json: Vec::new(),
            names: Vec::new(),
            separator: b'\n',
        };
        fields.record(&mut line);
        writer.write_str(&line.into_text())
    }

    fn add_fields(
        &self,
        current: &'w mut FormattedFields<Self>,
        fields: &Record<'_>,
    ) -> fmt::Result {
        current.fields.push('\n');
        self.format_fields(current.as_writer(), fields)
    }
}

/// Fields as JSON, as far as they are written. Of two fields with one name, the first is written.
struct Line {
    json: Vec<u8>,
    names: Vec<Cow<'static, str>>,
    separator: u8,
}

/// Fields of every line.
const FIELDS: [&str; 4] = ["timestamp", "level", "target", "version"];

/// Log stores read `a.b` as a field of the object `a`, which cannot stand beside a text of that name.
fn flat(name: &str) -> Cow<'_, str> {
    if name.contains('.') {
        name.replace('.', "_").into()
    } else {
        name.into()
    }
}

impl Line {
    fn begin(level: Level) -> Self {
        let mut line = Self {
            json: Vec::with_capacity(512),
            names: FIELDS.map(Cow::from).to_vec(),
            separator: b',',
        };
        line.json.push(b'{');
        line.write("timestamp", &format!("{:.6}", Timestamp::now()));
        line.write("level", level.as_str());
        line
    }

    fn end(mut self, target: &str) -> String {
        self.write("target", target);
        self.write("version", VERSION);
        self.json.push(b'}');
        self.into_text()
    }

    fn into_text(self) -> String {
        // It is made of texts.
        String::from_utf8(self.json).unwrap_or_default()
    }

    /// Adds the fields of a span: of two with one name, the one that was recorded last.
    fn put_fields(&mut self, fields: &str) {
        for field in fields.lines().rev() {
            let Some(name) = field.split('"').nth(1) else {
                continue;
            };
            if !self.names.iter().any(|known| known == name) {
                self.separate();
                self.json.extend_from_slice(field.as_bytes());
                self.names.push(name.to_owned().into());
            }
        }
    }

    fn separate(&mut self) {
        if !matches!(self.json.last(), None | Some(b'{')) {
            self.json.push(self.separator);
        }
    }

    fn put(&mut self, name: Cow<'static, str>, value: &(impl Serialize + ?Sized)) {
        if !self.names.contains(&name) {
            self.write(&name, value);
            self.names.push(name);
        }
    }

    fn write(&mut self, name: &str, value: &(impl Serialize + ?Sized)) {
        let before = self.json.len();
        self.separate();
        let written = serde_json::to_writer(&mut self.json, name).and_then(|()| {
            self.json.push(b':');
            serde_json::to_writer(&mut self.json, value)
        });
        if written.is_err() {
            self.json.truncate(before);
        }
    }

    fn record(&mut self, field: &Field, value: &(impl Serialize + ?Sized)) {
        self.put(flat(field.name()), value);
    }
}

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.record(field, &format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.record(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.record(field, &value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.record(field, &value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.record(field, &value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.record(field, &value);
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_line_is_one_flat_object_and_of_two_fields_with_one_name_has_the_first() {
        let mut line = Line::begin(Level::WARN);
        line.put("message".into(), "it said \"no\"\n");
        line.put(flat("http.status"), &500_u64);
        line.put("http_status".into(), &200_u64);
        line.put("target".into(), "elsewhere");
        line.put_fields(
            "\"http_status\":7\n\"organization_id\":\"org_2\"\n\n\"organization_id\":\"org_1\"",
        );
        let line = line.end("recado_server::api");
        let mut line: serde_json::Map<_, _> = serde_json::from_str(&line).expect("an object");
        assert!(line.remove("timestamp").is_some_and(|at| at.is_string()));
        let expected = json!({
            "level": "WARN", "message": "it said \"no\"\n", "http_status": 500,
            "organization_id": "org_1", "target": "recado_server::api", "version": VERSION,
        });
        assert_eq!(serde_json::Value::Object(line), expected);
    }

    #[rstest]
    #[case("info")]
    #[case("WARN")]
    #[case("off")]
    #[case("info,")]
    #[case("info,recado_server=debug")]
    #[case("recado_server::delivery=trace")]
    #[case("warn,[request]=info")]
    fn levels_and_filters_are_taken(#[case] text: &str) {
        assert!(filter(text).is_ok());
    }

    #[rstest]
    #[case("", "RECADO_LOG names no level")]
    #[case(" , ", "RECADO_LOG names no level")]
    #[case("quiet", "`quiet` is not a level")]
    #[case("info,recado_server", "`recado_server` is not a level")]
    #[case("info,recado_srv=debug", "`recado_srv` is not a part of Recado")]
    #[case("recado::delivery[send]=debug", "`recado` is not a part of Recado")]
    #[case("recado_server=loud", "RECADO_LOG: expected off, error")]
    fn a_word_that_would_hide_everything_is_refused(#[case] text: &str, #[case] sentence: &str) {
        let error = filter(text).expect_err("no filter").to_string();
        assert!(error.contains(sentence), "{error}");
    }
}
