//! A file that a customer sent.

use serde::{Deserialize, Serialize};

/// A file that a customer sent.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReceivedFile {
    /// The file.
    pub media: ReceivedMedia,
}

/// A file that a customer sent, as the provider describes it. Names, media types and sizes are the customer's word.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each of them is a member of an event"
)]
pub struct ReceivedMedia {
    /// The id with which the provider's API returns the file. Only WhatsApp Cloud API gives one.
    pub id: Option<String>,
    /// The address of the file at the provider, which needs no key. Z-API keeps the file for 30 days, ZapperHUB for 7.
    pub provider_url: Option<String>,
    /// The media type, as the customer's WhatsApp names it.
    pub mime_type: Option<String>,
    /// The name of the file, as the customer's WhatsApp names it.
    pub file_name: Option<String>,
    /// The size in bytes.
    pub size: Option<i64>,
    /// True if the provider gave a way to fetch the file when the message arrived: `GET /messages/{id}/media`.
    #[serde(default)]
    pub available: bool,
    /// When the provider deletes the file. Absent if that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(format = DateTime, nullable = false, required = false))]
    pub expires_at: Option<String>,
    /// The SHA-256 of the file, in hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false, required = false))]
    pub sha256: Option<String>,
    /// The length of a recording or a video in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false, required = false))]
    pub seconds: Option<i64>,
    /// The width of a picture or a video in pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false, required = false))]
    pub width: Option<i64>,
    /// The height of a picture or a video in pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false, required = false))]
    pub height: Option<i64>,
    /// True if the customer recorded it as a voice message.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub voice: bool,
    /// True if the picture moves.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub animated: bool,
    /// True if the customer wanted it to be seen only once.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub view_once: bool,
    /// What wuzapi needs to fetch the file from WhatsApp. It contains the key of the file, so it is not serialized: store it
    /// separately.
    #[serde(skip)]
    pub encrypted: Option<EncryptedFile>,
}

/// What wuzapi needs to fetch a file from WhatsApp, as the message has it: bytes are base64.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EncryptedFile {
    /// The kind of the message: `image`, `video`, `audio`, `document` or `sticker`.
    pub kind: String,
    /// The address of the encrypted file.
    pub url: String,
    /// The path of the encrypted file.
    pub direct_path: String,
    /// The key.
    pub media_key: String,
    /// The media type.
    pub mime_type: String,
    /// The SHA-256 of the encrypted file.
    pub encrypted_sha256: String,
    /// The SHA-256 of the file.
    pub sha256: String,
    /// The size of the file in bytes.
    pub size: i64,
}

shows_only!(ReceivedMedia {});
shows_only!(ReceivedFile {});
shows_only!(EncryptedFile { kind });
