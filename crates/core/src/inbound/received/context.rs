//! What a customer's message refers to, and the advertisement that it comes from.

use serde::{Deserialize, Serialize};

/// What a customer's message refers to.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct MessageContext {
    /// The id at the provider of the message that it answers, also of one that is not yours.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false, required = false))]
    pub replied_to_external_id: Option<String>,
    /// True if it was forwarded.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub forwarded: bool,
    /// True if it was forwarded many times.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub frequently_forwarded: bool,
    /// The product that the customer asks about.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = ReferredProduct, required = false))]
    pub referred_product: Option<ReferredProduct>,
}

impl MessageContext {
    /// Tells whether it refers to nothing.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A product that a customer asks about.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ReferredProduct {
    /// The id of the catalog.
    pub catalog_id: Option<String>,
    /// The id of the product in the catalog of the business.
    pub product_id: Option<String>,
}

/// The advertisement or the post whose button brought the customer.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Referral {
    /// `ad` or `post`.
    pub source_type: Option<String>,
    /// Meta's id of the advertisement or the post.
    pub source_id: Option<String>,
    /// The address of the advertisement.
    pub source_url: Option<String>,
    /// The headline of the advertisement.
    pub headline: Option<String>,
    /// The text of the advertisement.
    pub body: Option<String>,
    /// `image` or `video`.
    pub media_type: Option<String>,
    /// The address of the advertisement's picture.
    pub image_url: Option<String>,
    /// The address of the advertisement's video.
    pub video_url: Option<String>,
    /// The address of a small picture of the advertisement.
    pub thumbnail_url: Option<String>,
    /// Meta's id of the click (`ctwa_clid`).
    pub click_id: Option<String>,
    /// What WhatsApp greeted the customer with.
    pub welcome_text: Option<String>,
}

shows_only!(MessageContext {
    replied_to_external_id
});
shows_only!(ReferredProduct {});
shows_only!(Referral { source_id });
