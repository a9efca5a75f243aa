//! What changes about a webhook endpoint.

use secrecy::SecretString;
use serde_json::{Value, json};

use super::endpoint::{formats, parse_header};
use crate::{Result, commands::resource};

#[derive(Default, clap::Args)]
#[group(required = true, multiple = true)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
)]
pub(crate) struct Change {
    /// New URL that receives the events, with https
    #[arg(long)]
    url: Option<String>,
    /// Only events of this type from now on, such as button.pressed; repeat it for more
    #[arg(long = "type", value_name = "TYPE", conflicts_with = "all_types")]
    types: Vec<String>,
    /// Events of all types from now on
    #[arg(long)]
    all_types: bool,
    /// Format of the payload: Recado's own, or ChatVolt's
    #[arg(long, value_parser = formats())]
    format: Option<String>,
    /// New header of every request, such as 'Authorization: Bearer …'
    ///
    /// Other users of this machine can see it while the command runs.
    #[arg(long, value_name = "NAME: VALUE", conflicts_with = "no_header")]
    header: Option<SecretString>,
    /// Remove the header
    #[arg(long)]
    no_header: bool,
    /// Enable the endpoint, and send what is pending
    #[arg(long, conflicts_with = "disable")]
    enable: bool,
    /// Disable the endpoint: nothing is sent until it is enabled again
    #[arg(long)]
    disable: bool,
}

impl Change {
    pub(super) fn body(self) -> Result<Value> {
        let header = self.header.as_ref().map(parse_header).transpose()?;
        let events = (self.all_types || !self.types.is_empty()).then_some(self.types);
        let enabled = (self.enable || self.disable).then_some(self.enable);
        let mut body = resource::filled(
            json!({"url": self.url, "events": events, "format": self.format, "header": header, "enabled": enabled}),
        );
        if self.no_header {
            body["header"] = Value::Null;
        }
        Ok(body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_names_only_what_changes() {
        let enable = Change {
            enable: true,
            ..Change::default()
        };
        assert_eq!(enable.body().unwrap(), json!({"enabled": true}));
        let everything = Change {
            url: Some("https://h/".to_owned()),
            types: vec!["button.pressed".to_owned()],
            format: Some("recado".to_owned()),
            header: Some("X-Key: 1".into()),
            disable: true,
            ..Change::default()
        };
        let expected = json!({
            "url": "https://h/", "events": ["button.pressed"], "format": "recado",
            "header": {"name": "X-Key", "value": "1"}, "enabled": false,
        });
        assert_eq!(everything.body().unwrap(), expected);
    }

    #[test]
    fn all_types_is_an_empty_list_and_no_header_is_null() {
        let change = Change {
            all_types: true,
            no_header: true,
            ..Change::default()
        };
        let expected = json!({"events": [], "header": null});
        assert_eq!(change.body().unwrap(), expected);
    }
}
