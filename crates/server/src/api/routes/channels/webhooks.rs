//! Telling a channel's provider where its webhooks go.

use recado_core::Provider;
use recado_providers::{HttpClient, Profile, Registration};
use url::Url;

use super::shape::webhook_url;
use crate::api::openapi::PROVIDER;
use crate::api::routes::prelude::*;

failures!(RegisterFailures: PROVIDER, &[Reason::WebhookNotRegistered]);

/// The URL to which the provider sends its webhooks from now on.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RegisteredWebhook {
    /// Always true: the provider accepted the URL.
    registered: bool,
    /// The URL that the provider calls.
    webhook_url: String,
}

/// Register the webhook of a channel at its provider
///
/// Tells Z-API or ZapperHUB to send its calls to this server, which is how taps, texts and statuses come in.
/// The webhook of a WhatsApp Cloud API number is set up in Meta's App Dashboard, and this server needs an address that
/// the internet reaches: otherwise the error says what to do.
#[utoipa::path(post, path = "/channels/{id}/register-webhook",
    responses((status = 200, description = "The provider took the URL", body = RegisteredWebhook), RegisterFailures))]
pub(crate) async fn register_webhook(
    caller: Caller<Manages>,
    Id(id): Id<ChannelId>,
) -> Answer<RegisteredWebhook> {
    let channel = caller.find::<store::Channel>(&id).await?;
    let secret = caller.app.store.secrets(&channel)?.webhook_secret;
    let webhook_url = webhook_url(&caller.app, &channel, &secret);
    let url = webhook_url.parse().map_err(ApiError::internal)?;
    check_registrable(&caller.app.http, channel.provider, &url)?;
    let ready = caller.app.channels().ready(&channel)?;
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

/// Checks that the provider can be told of the URL, and that it can call there: it takes any URL, and would call in vain.
fn check_registrable(http: &HttpClient, provider: Provider, url: &Url) -> Result<(), ApiError> {
    let refused = |message: String| Err(ApiError::new(Reason::WebhookNotRegistered, message));
    let profile = Profile::of(provider);
    let why = match (profile.registration, profile.registration_refusal(url)) {
        (Registration::ByHand { .. }, Some((_, instructions))) => return refused(instructions),
        (_, Some((_, why))) => why,
        (_, None) if http.may_be_called_at(url) => return Ok(()),
        (_, None) => "that is an address of this machine or of a private network".to_owned(),
    };
    let host = url.host_str().unwrap_or_default();
    refused(format!(
        "The provider cannot call {}://{host}: {why}. Set RECADO_PUBLIC_URL to the https address at which the internet reaches this server, and register the webhook again. A simulated provider takes the webhookUrl of the channel with `recado sandbox connect`",
        url.scheme()
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
        check_registrable(&http.expect("a client"), provider, &url)
    }

    const OWN_NETWORK: &str = "an address of this machine or of a private network";
    const HTTPS_ONLY: &str = "Z-API calls https addresses only";

    #[rstest]
    #[case::the_default(
        Provider::ZapperHub,
        false,
        "http://127.0.0.1:8080/webhooks",
        OWN_NETWORK
    )]
    #[case::private(
        Provider::ZapperHub,
        false,
        "https://192.168.0.7/webhooks",
        OWN_NETWORK
    )]
    #[case::zapi_loopback(Provider::Zapi, false, "https://localhost/webhooks", OWN_NETWORK)]
    #[case::zapi_http(
        Provider::Zapi,
        false,
        "http://recado.example.com/webhooks",
        HTTPS_ONLY
    )]
    #[case::zapi_http_on_a_network_of_ones_own(
        Provider::Zapi,
        true,
        "http://127.0.0.1/webhooks",
        HTTPS_ONLY
    )]
    fn what_the_provider_cannot_call_is_refused_and_the_variable_is_named(
        #[case] provider: Provider,
        #[case] allow: bool,
        #[case] url: &str,
        #[case] why: &str,
    ) {
        let error = answer(allow, provider, url).expect_err("not reachable");
        assert!(error.message.contains(why), "{error:?}");
        assert_eq!(error.reason, Reason::WebhookNotRegistered);
        assert!(error.message.contains("RECADO_PUBLIC_URL"), "{error:?}");
        assert!(!error.message.contains("/webhooks"), "{error:?}");
    }

    #[test]
    fn a_number_of_meta_is_set_up_by_hand_and_the_error_says_how() {
        let url = "https://recado.example.com/webhooks/whatsapp/main";
        let error = answer(false, Provider::WhatsApp, url).expect_err("by hand");
        assert_eq!(error.reason, Reason::WebhookNotRegistered);
        for part in [url, "App Dashboard", "verifyToken", "appSecret"] {
            assert!(error.message.contains(part), "{error:?}");
        }
    }

    #[rstest]
    #[case::zapperhub(Provider::ZapperHub, false, "http://recado.example.com/webhooks")]
    #[case::zapi(Provider::Zapi, false, "https://recado.example.com/webhooks")]
    #[case::sandbox(Provider::ZapperHub, true, "http://127.0.0.1:8080/webhooks")]
    fn what_it_may_call_is_registered(
        #[case] provider: Provider,
        #[case] allow: bool,
        #[case] url: &str,
    ) {
        assert!(answer(allow, provider, url).is_ok());
    }
}
