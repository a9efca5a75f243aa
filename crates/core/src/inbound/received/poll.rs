//! A poll, and a vote in one.

use serde::{Deserialize, Serialize};

/// A poll.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReceivedPoll {
    /// What can be chosen.
    pub options: Vec<String>,
    /// How many options one person may choose, if that is limited.
    pub max: Option<i64>,
}

/// A vote in a poll.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct PollVote {
    /// The id of the poll at the provider.
    pub poll_external_id: Option<String>,
    /// The chosen options, an empty list if the vote was taken back; null if the provider cannot read the vote.
    pub options: Option<Vec<String>>,
}

shows_only!(ReceivedPoll {});
shows_only!(PollVote { poll_external_id });
