//! Telling a channel's provider where its webhooks go.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use recado_core::Provider;
use recado_providers::HttpClient;
use serde::Serialize;
use url::Url;
use utoipa::ToSchema;

use super::channels::{find, webhook_url};
use crate::app::App;
use crate::auth::{Caller, need};
use crate::error::{ApiError, Reason};
use crate::extract::Path;
use crate::openapi::{KEY, PROVIDER, failures};

failures!(RegisterFailures: KEY, PROVIDER, &[Reason::ChannelNotFound]);

/// Where the provider sends its webhooks from now on.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RegisteredWebhook {
    registered: bool,
    webhook_url: String,
}

/// Tell the provider to send its webhooks here (Z-API and ZapperHUB)
#[utoipa::path(post, path = "/channels/{id}/register-webhook", operation_id = "registerWebhook", tag = "Channels", params(("id" = String, Path)), responses((status = 200, description = "The provider took the URL", body = RegisteredWebhook), RegisterFailures))]
pub(crate) async fn register_webhook(
    Caller {
        organization_id, ..
    }: Caller<need::Manage>,
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Json<RegisteredWebhook>, ApiError> {
    let channel = find(&app, &organization_id, &id).await?;
    let secret = app.store.secrets(&channel)?.webhook_secret;
    let webhook_url = webhook_url(&app, &channel, &secret);
    let url = webhook_url.parse().map_err(ApiError::internal)?;
    check_reachable(&app.http, channel.provider, &url)?;
    let ready = app.channels().ready(&channel)?;
    ready
        .register_webhook(&url, &secret)
        .await
        .map_err(|error| ApiError {
            message: format!("could not register the webhook: {}", error.message),
            ..ApiError::from(&error)
        })?;
    Ok(Json(RegisteredWebhook {
        registered: true,
        webhook_url,
    }))
}

/// A provider takes any URL and would call it in vain; Z-API calls https only (Z-API docs, webhooks).
fn check_reachable(http: &HttpClient, provider: Provider, url: &Url) -> Result<(), ApiError> {
    let takes_scheme = match provider {
        Provider::Zapi => url.scheme() == "https",
        // Meta's webhooks are set up by hand, and its channel says so.
        Provider::WhatsApp => return Ok(()),
        Provider::ZapperHub => true,
    };
    if takes_scheme && http.may_be_called_at(url) {
        return Ok(());
    }
    let host = url.host_str().unwrap_or_default();
    Err(ApiError::new(
        Reason::ProviderRejected,
        format!(
            "could not register the webhook: the provider cannot call {}://{host}, so set RECADO_PUBLIC_URL to the https address at which the internet reaches this server",
            url.scheme()
        ),
    ))
}

#[cfg(test)]
mod tests {
    use recado_providers::Timeouts;
    use rstest::rstest;

    use super::*;

    fn answer(allow_private_networks: bool, provider: Provider, url: &str) -> Result<(), ApiError> {
        let http = HttpClient::new(Timeouts::default(), allow_private_networks);
        let url = url.parse().expect("a URL");
        check_reachable(&http.expect("a client"), provider, &url)
    }

    #[rstest]
    #[case::the_default(Provider::ZapperHub, false, "http://127.0.0.1:8080/webhooks")]
    #[case::private(Provider::ZapperHub, false, "https://192.168.0.7/webhooks")]
    #[case::zapi_loopback(Provider::Zapi, false, "https://localhost/webhooks")]
    #[case::zapi_http(Provider::Zapi, false, "http://recado.example.com/webhooks")]
    #[case::zapi_http_on_a_network_of_ones_own(Provider::Zapi, true, "http://127.0.0.1/webhooks")]
    fn what_the_provider_cannot_call_is_refused_and_the_variable_is_named(
        #[case] provider: Provider,
        #[case] allow: bool,
        #[case] url: &str,
    ) {
        let error = answer(allow, provider, url).expect_err("not reachable");
        assert!(error.message.contains("RECADO_PUBLIC_URL"), "{error:?}");
        assert!(!error.message.contains("/webhooks"), "{error:?}");
    }

    #[rstest]
    #[case::zapperhub(Provider::ZapperHub, false, "http://recado.example.com/webhooks")]
    #[case::zapi(Provider::Zapi, false, "https://recado.example.com/webhooks")]
    #[case::sandbox(Provider::ZapperHub, true, "http://127.0.0.1:8080/webhooks")]
    #[case::by_hand(Provider::WhatsApp, false, "http://127.0.0.1:8080/webhooks")]
    fn what_it_may_call_is_registered(
        #[case] provider: Provider,
        #[case] allow: bool,
        #[case] url: &str,
    ) {
        assert!(answer(allow, provider, url).is_ok());
    }
}
