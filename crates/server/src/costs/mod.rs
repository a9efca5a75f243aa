//! What messages cost, as far as a server can tell: the free messages of a month, and prices that the operator gives.

pub(crate) mod budget;
pub(crate) mod estimate;
pub mod rates;

use recado_core::ContentKind;
use recado_store::CostCount;

/// Meta's category of messages that are not templates.
pub(crate) const SERVICE: &str = "service";

/// Meta's word for a message that is free because a customer came from an advertisement: the free messages of a month
/// are not used up by it.
const ENTRY_POINT: &str = "free_entry_point";

/// Returns the category by which a message is charged.
pub(crate) const fn category(kind: ContentKind) -> &'static str {
    match kind {
        ContentKind::Text
        | ContentKind::Buttons
        | ContentKind::List
        | ContentKind::CtaUrl
        | ContentKind::Location
        | ContentKind::LocationRequest => SERVICE,
    }
}

/// Returns how many of the free messages of a month the messages that were delivered in it have used up.
///
/// Our own count: Meta does not tell it, and counts what other programs send over the number too.
pub(crate) fn free_used(counts: &[CostCount]) -> u64 {
    let service = counts
        .iter()
        .filter(|count| count.category.as_deref() == Some(SERVICE) && count.charge != ENTRY_POINT);
    service.map(|count| count.messages).sum()
}
