//! `recado channel`: connected WhatsApp numbers.

use std::num::NonZeroU32;

use clap::Subcommand;
use recado_core::{AgentId, ChannelId, Money, Provider};
use reqwest::Method;
use serde_json::{Value, json};

use super::{confirmation::Confirmation, once::Once, resource, resource::ListArgs};
use crate::credentials::{CredentialArgs, provider_parser, setting};
use crate::{
    Answer, Client, Columns, Effect, ExitCode, Failure, Lookup, Output, Result, View, credentials,
};

const ROOT: &str = "channels";
const COLUMNS: Columns = "ID /id, PROVIDER /provider, NAME /name, CREATED /createdAt";
const FIELDS: Columns = "\
    ID /id, PROVIDER /provider, NAME /name, AGENT /agentId, CONNECTED /connected, BUDGET /budget, \
    PAUSED SINCE /paused/since, WHY PAUSED /paused/error/message, NEXT CHECK /paused/nextCheckAt, \
    SETTINGS /settings, CREDENTIALS /credentialsSet, WEBHOOK URL /webhookUrl, \
    WEBHOOK SECRET /webhookSecret, CREATED /createdAt, UPDATED /updatedAt";
const REGISTERED: Columns = "REGISTERED /registered, WEBHOOK URL /webhookUrl";
const LIMITS: Columns = "\
    LIMIT /limit, MESSAGES /messages, SECONDS /seconds, AT ONCE /burst, LEFT /left, FULL AT /fullAt, \
    SOURCE /source";
const COUNTS: Columns = "DELIVERED AS /category, BILLED /billed, FREE /free";
const COSTS: Columns = "\
    MONTH (UTC) /month, FREE MESSAGES LEFT /freeMessages/left, OF /freeMessages/included, \
    AMOUNT /billed/amount, CURRENCY /billed/currency, RATES OF /billed/ratesDate, \
    RATES FROM /billed/ratesSource, \
    BUDGET /budget/amount, BUDGET (MESSAGES) /budget/messages, USED (%) /budget/percent, \
    USED AMOUNT /budget/usedAmount, USED MESSAGES /budget/usedMessages, STOPS /budget/stop";
const WITHOUT_RATE: Columns =
    "WITHOUT RATE: MARKET /market, CATEGORY /category, MESSAGES /messages";
const CHECK: Columns = "STATE /state, DETAIL /detail";

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Connect a number; the credentials come from the environment, a file or flags
    #[command(after_help = create_help())]
    Create(CreateArgs),
    /// List the channels
    List(#[command(flatten)] ListArgs),
    /// Show a channel, without its credentials
    Show { id: ChannelId },
    /// Change a channel; credentials that are not named stay, and settings are replaced as a whole
    ///
    /// Without any option, the credentials in the environment replace those of the channel.
    #[command(after_help = credentials::help())]
    Update {
        id: ChannelId,
        #[command(flatten)]
        changes: Changes,
    },
    /// Ask the provider whether the number can send; exit code 4 if it cannot
    Check { id: ChannelId },
    /// Show how fast messages are sent over a channel, and how much of that is left
    Limits { id: ChannelId },
    /// Show what the messages of a month cost, as far as the server can tell
    Costs {
        id: ChannelId,
        /// Month, such as 2026-11 [default: this month]
        #[arg(long, value_name = "YYYY-MM")]
        month: Option<String>,
    },
    /// Pause a channel: its queued messages wait, and nothing is sent over it until it is resumed
    Pause { id: ChannelId },
    /// Resume a paused channel: its queued messages are sent
    Resume { id: ChannelId },
    /// Register the webhook URL at Z-API or ZapperHUB; for Meta, enter it in the App Dashboard
    RegisterWebhook { id: ChannelId },
    /// Delete a channel
    Delete {
        id: ChannelId,
        #[command(flatten)]
        confirmation: Confirmation,
    },
}

#[derive(clap::Args)]
pub(crate) struct CreateArgs {
    /// Provider that carries the messages
    #[arg(long, value_parser = provider_parser())]
    provider: Provider,
    /// Name of the channel
    name: String,
    /// Id of the channel, to choose it yourself
    #[arg(long)]
    id: Option<ChannelId>,
    /// Agent of conversations that customers begin [default: the first agent]
    #[arg(long, value_name = "ID")]
    agent: Option<AgentId>,
    #[command(flatten)]
    credentials: CredentialArgs,
    /// A setting, such as baseUrl=https://…; repeat it for more [names: below]
    #[arg(long = "setting", value_name = "KEY=VALUE", value_parser = setting)]
    settings: Vec<(String, String)>,
    /// Ask the provider first, and create nothing unless the number can send
    #[arg(long)]
    check: bool,
    #[command(flatten)]
    once: Once,
}

#[derive(Default, clap::Args)]
pub(crate) struct Changes {
    /// Name of the channel
    #[arg(long)]
    name: Option<String>,
    /// Agent of conversations that customers begin
    #[arg(long, value_name = "ID")]
    agent: Option<AgentId>,
    #[command(flatten)]
    credentials: CredentialArgs,
    /// A setting; the given settings replace all earlier ones [names: below]
    #[arg(long = "setting", value_name = "KEY=VALUE", value_parser = setting)]
    settings: Vec<(String, String)>,
    #[command(flatten)]
    budget: BudgetArgs,
}

#[derive(Default, clap::Args)]
struct BudgetArgs {
    /// Budget for each month as an amount, such as 150.00, in the currency of the server's prices
    #[arg(long, value_name = "AMOUNT", group = "budget")]
    budget_amount: Option<Money>,
    /// Budget for each month as a number of messages
    #[arg(long, value_name = "N", group = "budget")]
    budget_messages: Option<NonZeroU32>,
    /// Refuse messages over the budget, or with `false` only tell by events when 80 % and all of it are used [default: as it is]
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", requires = "budget", conflicts_with = "no_budget")]
    budget_stop: Option<bool>,
    /// Remove the budget
    #[arg(long, group = "budget")]
    no_budget: bool,
}

impl BudgetArgs {
    /// Returns the budget to set; null to remove it.
    fn given(&self) -> Option<Value> {
        if self.no_budget {
            return Some(Value::Null);
        }
        let given = resource::filled(json!({
            "amount": self.budget_amount, "messages": self.budget_messages, "stop": self.budget_stop,
        }));
        (given != json!({})).then_some(given)
    }
}

fn create_help() -> String {
    format!(
        "Examples:\n  recado channel create --provider zapi \"Main number\" --id main\n  \
         recado channel create --provider whatsapp Sales --credentials whatsapp.json\n\n{}",
        credentials::help()
    )
}

pub(crate) async fn run(command: Command, client: &Client, lookup: Lookup<'_>) -> Result<Output> {
    match command {
        Command::Create(args) => {
            let settings = credentials::settings(args.settings);
            let credentials = (args.credentials).for_channel(args.provider, &settings, lookup)?;
            let body = json!({
                "provider": args.provider, "name": args.name, "id": args.id, "agentId": args.agent,
                "credentials": credentials, "settings": settings,
            });
            let check = args.check.then(|| ("check", "true".to_owned()));
            let (query, key) = (check.as_slice(), args.once.key());
            let created = client.once(&[ROOT], query, &body, &key);
            Ok(Output::record(created.await?, FIELDS))
        }
        Command::List(args) => resource::list(client, &[ROOT], args, COLUMNS).await,
        Command::Show { id } => resource::show(client, &[ROOT, id.as_str()], FIELDS).await,
        Command::Update { id, changes } => {
            let answer = update(client, &id, changes.body()?, lookup).await?;
            Ok(Output::record(answer, FIELDS))
        }
        Command::Check { id } => {
            let (path, effect) = ([ROOT, id.as_str(), "check"], Effect::Reads);
            let answer = client.call(Method::POST, &path, &[], None, effect);
            Ok(checked(answer.await?))
        }
        Command::Limits { id } => {
            let answer = client.get(&[ROOT, id.as_str(), "limits"], &[]).await?;
            Ok(Output::list(answer, LIMITS))
        }
        Command::Costs { id, month } => {
            let query = resource::given([("month", month)]);
            let answer = client.get(&[ROOT, id.as_str(), "costs"], &query).await?;
            Ok(costs(answer))
        }
        Command::Pause { id } => {
            let answer = client.act(&[ROOT, id.as_str(), "pause"]).await?;
            Ok(Output::record(answer, FIELDS))
        }
        Command::Resume { id } => {
            let answer = client.act(&[ROOT, id.as_str(), "resume"]).await?;
            Ok(Output::record(answer, FIELDS))
        }
        Command::RegisterWebhook { id } => {
            let answer = client.act(&[ROOT, id.as_str(), "register-webhook"]).await?;
            Ok(Output::record(answer, REGISTERED))
        }
        Command::Delete { id, confirmation } => {
            let end = "? Its conversations stay, and cannot be sent to any more.";
            resource::delete(client, &[ROOT, id.as_str()], "channel", &confirmation, end).await
        }
    }
}

/// Changes a channel; without changes, its credentials come from the environment, so that a forgotten variable
/// changes nothing where something else is named.
async fn update(
    client: &Client,
    id: &ChannelId,
    mut body: Value,
    lookup: Lookup<'_>,
) -> Result<Answer> {
    let path = [ROOT, id.as_str()];
    if body == json!({}) {
        let channel = client.get(&path, &[]).await?.value;
        // A newer server may know more providers.
        let provider = channel["provider"].as_str().and_then(|it| it.parse().ok());
        let provider = provider.ok_or_else(|| {
            Failure::Usage("name what changes: see recado channel update --help".to_owned())
        })?;
        body["credentials"] = credentials::for_update(provider, lookup)?.into();
    }
    client.patch(&path, &body).await
}

/// Shows the counts, and what is estimated from them.
fn costs(answer: Answer) -> Output {
    let value = &answer.value;
    let mut views = vec![
        View::rows(value, "delivered", COUNTS),
        View::fields(value, COSTS),
    ];
    let billed = value.get("billed").unwrap_or(&Value::Null);
    let without_rate = billed.get("withoutRate").and_then(Value::as_array);
    if without_rate.is_some_and(|messages| !messages.is_empty()) {
        views.push(View::rows(billed, "withoutRate", WITHOUT_RATE));
        let sentence = "the amount is without the messages that have no rate";
        views.push(View::Text(sentence.to_owned()));
    }
    Output::new(answer.text, views)
}

/// Fails if the number cannot send, so that a script can tell.
fn checked(answer: Answer) -> Output {
    let connected = answer.value.get("state") == Some(&json!("connected"));
    let mut output = Output::record(answer, CHECK);
    if !connected {
        output.exit_code = ExitCode::Refused;
    }
    output
}

impl Changes {
    fn body(self) -> Result<Value> {
        let settings = (!self.settings.is_empty()).then(|| credentials::settings(self.settings));
        let credentials = self.credentials.given()?;
        let mut body = resource::filled(json!({
            "name": self.name, "agentId": self.agent,
            "credentials": credentials, "settings": settings,
        }));
        if let Some(budget) = self.budget.given() {
            body["budget"] = budget;
        }
        Ok(body)
    }
}

#[cfg(test)]
mod tests {
    use recado_sandbox::drawing::Style;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("connected", ExitCode::Ok)]
    #[case("disconnected", ExitCode::Refused)]
    #[case("misconfigured", ExitCode::Refused)]
    fn a_number_that_cannot_send_is_no_success(#[case] state: &str, #[case] code: ExitCode) {
        let value = json!({"state": state, "detail": null});
        assert_eq!(checked(value.into()).exit_code, code);
    }

    #[test]
    fn costs_are_counts_and_an_estimate_that_says_what_it_leaves_out() {
        let value = json!({
            "month": "2026-11", "delivered": [{"category": "service", "billed": 3, "free": 997}],
            "freeMessages": {"included": 1000, "used": 1000, "left": 0, "estimate": true},
            "billed": {"amount": "0.065", "currency": "BRL", "ratesDate": "2026-10-01", "ratesSource": "a page",
                "withoutRate": [{"market": "351", "category": "service", "messages": 1}]},
        });
        let shown = costs(value.into()).people(80, Style::Plain);
        let words: Vec<_> = shown.split_whitespace().collect();
        let words = words.join(" ");
        for part in [
            "DELIVERED AS BILLED FREE service 3 997",
            "FREE MESSAGES LEFT 0 OF 1000",
            "AMOUNT 0.065 CURRENCY BRL RATES OF 2026-10-01 RATES FROM a page",
            "WITHOUT RATE: MARKET CATEGORY MESSAGES 351 service 1",
            "the amount is without the messages that have no rate",
        ] {
            assert!(words.contains(part), "{shown}");
        }
    }

    #[test]
    fn a_change_names_only_what_changes() {
        let named = Changes {
            name: Some("Other".to_owned()),
            agent: Some("agent-123".parse().unwrap()),
            ..Changes::default()
        };
        let expected = json!({"name": "Other", "agentId": "agent-123"});
        assert_eq!(named.body().unwrap(), expected);
        let set = Changes {
            settings: vec![setting("baseUrl=http://a/?b=c").unwrap()],
            ..Changes::default()
        };
        let expected = json!({"settings": {"baseUrl": "http://a/?b=c"}});
        assert_eq!(set.body().unwrap(), expected);
        let removed = Changes {
            budget: BudgetArgs {
                no_budget: true,
                ..BudgetArgs::default()
            },
            ..Changes::default()
        };
        assert_eq!(removed.body().unwrap(), json!({"budget": null}));
        let given = Changes {
            budget: BudgetArgs {
                budget_amount: "150".parse().ok(),
                budget_stop: Some(true),
                ..BudgetArgs::default()
            },
            ..Changes::default()
        };
        let expected = json!({"budget": {"amount": "150.00", "stop": true}});
        assert_eq!(given.body().unwrap(), expected);
    }
}
