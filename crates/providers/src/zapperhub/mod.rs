//! ZapperHUB, also called ZapperAPI: its hosted API, and the wuzapi dialect of the engine behind it.

pub(crate) mod account;
mod engine;
mod hosted;
pub(crate) mod profile;
mod wuzapi;

use reqwest::header::HeaderName;

use self::account::{API_KEY, Dialect, ZapperHubAccount};
use self::hosted::Hosted;
use self::wuzapi::Wuzapi;
use crate::prelude::*;

const OF_VENDOR: &str =
    "the base URL is that of ZapperHUB's hosted API; set it to that of your wuzapi server";

pub(crate) fn connect(
    http: &HttpClient,
    base_url: &Url,
    account: &ZapperHubAccount,
    carries: &'static Capabilities,
) -> Result<Arc<dyn Channel>, ConfigError> {
    let connection = |header| {
        let key = &account.api_key;
        let headers = secret_header(HeaderName::from_static(header), API_KEY.name, "", key)?;
        let redactor = Redactor::new([key]);
        let connection = Connection::new(carries.provider, http, headers, redactor);
        Ok::<_, ConfigError>(connection)
    };
    let form = account.recipient_form;
    Ok(match &account.dialect {
        Dialect::ZapperApiV2 { instance_id } => {
            let wire = Hosted::new(base_url, instance_id, form)?;
            Arc::new(Api::new(wire, carries, connection("x-api-key")?))
        }
        Dialect::Wuzapi => {
            let wire = Wuzapi::new(base_url, form)?;
            let mut connection = connection("token")?;
            // A channel that was stored before this was refused still receives.
            connection.closed = account::is_vendor(base_url).then_some(OF_VENDOR);
            Arc::new(Api::new(wire, carries, connection))
        }
    })
}
