//! Files of customers: which address gets the credentials, and which bytes are believed.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use recado_core::inbound::{EncryptedFile, ReceivedMedia};
use recado_providers::{
    Channel, HttpClient, MAX_MEDIA_BYTES, MediaDownload, MediaError, Timeouts, connect,
};
use recado_sandbox::Effect;
use rstest::rstest;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::support::Subject::{self, WhatsApp, Wuzapi, Zapi, ZapperHub};
use crate::support::{World, canned, listen, parse};

async fn whole(mut download: MediaDownload) -> Result<Vec<u8>, MediaError> {
    let mut whole = Vec::new();
    while let Some(bytes) = download.chunk().await? {
        whole.extend_from_slice(&bytes);
    }
    Ok(whole)
}

async fn fetched(channel: &dyn Channel, media: &ReceivedMedia) -> Result<Vec<u8>, MediaError> {
    whole(channel.media(media).await?).await
}

fn by_id() -> ReceivedMedia {
    ReceivedMedia {
        id: Some("1490000000000001".into()),
        mime_type: Some("image/jpeg".into()),
        ..ReceivedMedia::default()
    }
}

fn by_url(url: &str) -> ReceivedMedia {
    ReceivedMedia {
        provider_url: Some(url.into()),
        ..ReceivedMedia::default()
    }
}

/// A server of Meta's: it looks a file up, and gives it after so many times of saying that there is none.
async fn meta(missing: usize) -> String {
    let (listener, address) = listen().await;
    let asked = Arc::new(AtomicUsize::new(0));
    let router = Router::new().fallback(move |uri: Uri, headers: HeaderMap| {
        let asked = Arc::clone(&asked);
        async move { answer(&uri, &headers, address.port(), &asked, missing) }
    });
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

fn answer(
    uri: &Uri,
    headers: &HeaderMap,
    port: u16,
    asked: &AtomicUsize,
    missing: usize,
) -> Response {
    let credentials = WhatsApp.credentials();
    let token = credentials["accessToken"].as_str().expect("a token");
    assert_eq!(headers[header::AUTHORIZATION], format!("Bearer {token}"));
    if uri.path() != "/file" {
        assert_eq!(uri.path(), "/v25.0/1490000000000001");
        assert_eq!(uri.query(), Some("phone_number_id=800000000000001"));
        let url = format!("http://127.0.0.1:{port}/file");
        return json!({"url": url, "id": "1490000000000001"})
            .to_string()
            .into_response();
    }
    if asked.fetch_add(1, Ordering::SeqCst) < missing {
        StatusCode::NOT_FOUND.into_response()
    } else {
        "photo".into_response()
    }
}

#[rstest]
#[case::k142_at_once(0, Ok("photo"))]
#[case::k143_after_a_new_lookup(1, Ok("photo"))]
#[case::k143_not_at_all(2, Err(MediaError::Gone))]
#[tokio::test]
async fn the_address_of_a_file_at_meta_is_looked_up_again_once(
    #[case] missing: usize,
    #[case] expected: Result<&str, MediaError>,
) {
    let channel = WhatsApp.channel(&meta(missing).await);
    let file = fetched(&*channel, &by_id()).await;
    assert_eq!(file, expected.map(|file| file.as_bytes().to_vec()));
}

#[tokio::test]
async fn k144_the_token_goes_to_no_address_that_is_not_metas() {
    let elsewhere = canned(200, "photo").await;
    let lookup = canned(200, json!({"url": elsewhere.url}).to_string()).await;
    let refused = fetched(&*WhatsApp.channel(&lookup.url), &by_id()).await;
    let Err(MediaError::Channel(error)) = refused else {
        panic!("{refused:?}");
    };
    assert!(error.message.contains("not sent there"), "{error}");
    assert_eq!(elsewhere.requests(), 0);
}

#[rstest]
#[tokio::test]
async fn no_credentials_go_to_the_address_that_a_webhook_names(
    #[values(Zapi, ZapperHub, Wuzapi)] subject: Subject,
) {
    let store = canned(200, "photo").await;
    let file = fetched(&*subject.channel(&store.url), &by_url(&store.url)).await;
    assert_eq!(file.as_deref(), Ok(&b"photo"[..]));
    for name in ["authorization", "client-token", "x-api-key", "token"] {
        assert!(!store.last().headers.contains_key(name), "{name}");
    }
}

#[rstest]
#[tokio::test]
async fn an_address_in_a_private_network_is_not_fetched_also_where_channels_may_be_there(
    #[values(Zapi, ZapperHub, Wuzapi)] subject: Subject,
) {
    let (store, provider) = (canned(200, "secret").await, canned(200, "").await);
    let file = fetched(&*subject.channel(&provider.url), &by_url(&store.url)).await;
    assert!(matches!(file, Err(MediaError::Channel(_))), "{file:?}");
    assert_eq!(store.requests(), 0);
}

#[rstest]
#[case::gone(404, MediaError::Gone)]
#[case::hidden_by_a_store(403, MediaError::Gone)]
#[case::gone_for_good(410, MediaError::Gone)]
#[tokio::test]
async fn a_file_that_is_not_there_is_gone(#[case] status: u16, #[case] expected: MediaError) {
    let store = canned(status, "").await;
    let channel = Zapi.channel(&store.url);
    assert_eq!(fetched(&*channel, &by_url(&store.url)).await, Err(expected));
}

#[tokio::test]
async fn k145_bytes_with_another_hash_are_not_given() {
    let store = canned(200, "photo").await;
    let media = ReceivedMedia {
        sha256: Some("00".repeat(32)),
        ..by_url(&store.url)
    };
    let file = fetched(&*Zapi.channel(&store.url), &media).await;
    assert_eq!(file, Err(MediaError::Altered));
}

#[tokio::test]
async fn a_page_in_the_place_of_a_file_is_refused() {
    let page = HeaderMap::from_iter([(header::CONTENT_TYPE, "text/html".parse().expect("one"))]);
    let store = crate::support::Canned::start(200, page, "<html>").await;
    let file = fetched(&*Zapi.channel(&store.url), &by_url(&store.url)).await;
    assert!(matches!(file, Err(MediaError::Channel(_))), "{file:?}");
}

#[tokio::test]
async fn a_file_that_is_announced_as_too_long_is_not_read() {
    let (listener, address) = listen().await;
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await?;
        // An answer that comes before its request is an error of its own.
        stream.read_u8().await?;
        let length = MAX_MEDIA_BYTES + 1;
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\nx");
        stream.write_all(head.as_bytes()).await?;
        stream.read_to_end(&mut Vec::new()).await
    });
    let url = format!("http://{address}/");
    let file = fetched(&*Zapi.channel(&url), &by_url(&url)).await;
    assert_eq!(file, Err(MediaError::TooLarge));
}

#[rstest]
#[case("http://127.0.0.1/x")]
#[case("https://127.0.0.1/x")]
#[case("https://10.0.0.1/x")]
#[case("http://files.example/x")]
#[tokio::test]
async fn a_guarded_client_fetches_from_no_private_address(#[case] url: &str) {
    let settings = json!({"baseUrl": "https://api.z-api.io"});
    let config = parse(Zapi.provider(), &Zapi.credentials(), &settings).expect("valid");
    let http = HttpClient::new(Timeouts::default(), false).expect("an HTTP client");
    let channel = connect(&http, config).expect("a channel");
    let file = fetched(&*channel, &by_url(url)).await;
    assert!(matches!(file, Err(MediaError::Channel(_))), "{file:?}");
}

#[tokio::test]
async fn k136_wuzapi_fetches_a_file_by_what_the_message_says_of_it() {
    let server = canned(
        200,
        json!({"code": 200, "success": true, "data": {
        "Mimetype": "image/jpeg", "Data": "data:image/jpeg;base64,cGhvdG8="}})
        .to_string(),
    )
    .await;
    let encrypted = EncryptedFile {
        kind: "image".into(),
        url: "https://mmg.whatsapp.net/x".into(),
        direct_path: "/v/x".into(),
        media_key: "AAEC".into(),
        mime_type: "image/jpeg".into(),
        encrypted_sha256: "BBBB".into(),
        sha256: "CCCC".into(),
        size: 5,
    };
    let mut media = ReceivedMedia {
        encrypted: Some(encrypted),
        ..ReceivedMedia::default()
    };
    let channel = Wuzapi.channel(&server.url);
    assert_eq!(
        fetched(&*channel, &media).await.as_deref(),
        Ok(&b"photo"[..])
    );
    let asked = server.last();
    assert_eq!(asked.line, "POST /chat/downloadimage");
    assert_eq!(
        asked.body,
        json!({"Url": "https://mmg.whatsapp.net/x", "DirectPath": "/v/x", "MediaKey": "AAEC",
        "Mimetype": "image/jpeg", "FileEncSHA256": "BBBB", "FileSHA256": "CCCC", "FileLength": 5})
    );

    media.encrypted.as_mut().expect("it").size = 17 * 1024 * 1024;
    assert_eq!(fetched(&*channel, &media).await, Err(MediaError::TooLarge));
    assert_eq!(server.requests(), 1);
}

#[rstest]
#[tokio::test]
async fn a_lost_answer_is_a_provider_that_could_not_be_reached(
    #[values(WhatsApp, Wuzapi)] subject: Subject,
) {
    let world = World::start().await;
    world.fail_next(subject, Effect::ResetBefore, 1);
    let media = ReceivedMedia {
        encrypted: Some(EncryptedFile {
            kind: "image".into(),
            ..EncryptedFile::default()
        }),
        ..by_id()
    };
    let Err(MediaError::Channel(error)) = fetched(&*world.channel(subject), &media).await else {
        panic!("an error");
    };
    assert_eq!(error.kind, recado_providers::ErrorKind::Unavailable);
}
