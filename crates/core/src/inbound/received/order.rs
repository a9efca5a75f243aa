//! What a customer orders or asks about.

use serde::{Deserialize, Serialize};

/// What a customer orders from the catalog. Amounts are decimal texts such as `19.90`.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ReceivedOrder {
    /// The id of the order.
    pub order_id: Option<String>,
    /// The id of the catalog.
    pub catalog_id: Option<String>,
    /// WhatsApp's token for the items, which its own apps use.
    pub token: Option<String>,
    /// The currency.
    pub currency: Option<String>,
    /// The sum.
    pub total: Option<String>,
    /// What is ordered; empty if the provider does not tell.
    pub items: Vec<OrderItem>,
}

/// One product of an order.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct OrderItem {
    /// The id of the product in the catalog of the business.
    pub product_id: Option<String>,
    /// The name of the product.
    pub name: Option<String>,
    /// How many are ordered.
    pub quantity: Option<i64>,
    /// The price of one.
    pub price: Option<String>,
    /// The currency of the price.
    pub currency: Option<String>,
}

/// A product that a customer asks about.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ReceivedProduct {
    /// WhatsApp's id of the product.
    pub product_id: Option<String>,
    /// The id of the product in the catalog of the business.
    pub retailer_id: Option<String>,
    /// The name of the product.
    pub title: Option<String>,
    /// The price: a decimal text such as `19.90`.
    pub price: Option<String>,
    /// The currency of the price.
    pub currency: Option<String>,
    /// The page of the product.
    pub url: Option<String>,
}

shows_only!(ReceivedOrder { order_id });
shows_only!(OrderItem {});
shows_only!(ReceivedProduct { product_id });
