//! The numbers that channels connect: one of each in an organization, kept as keyed hashes.

use secrecy::SecretString;

use crate::prelude::*;
use crate::resources::channels::Channel;

impl Store {
    /// Returns the channel that connects a number.
    pub async fn channel_of_number(
        &self,
        organization: &OrganizationId,
        number: &SecretString,
    ) -> Result<Option<Channel>> {
        let query = Channel::select("where organization_id = $1 and number = $2")
            .id(organization)
            .bind(self.key().number_hash(number));
        self.find(query).await
    }

    /// Lists the channels whose number is not stored, oldest first.
    pub async fn channels_without_number(&self) -> Result<Vec<Channel>> {
        self.find_all(Channel::select(
            "where number is null order by created_at, id",
        ))
        .await
    }

    /// Stores the number of a channel that has none; a change of the channel may have stored it meanwhile.
    /// [`StoreError::Conflict`] if another channel of the organization connects the number.
    pub async fn set_number(&self, channel: &Channel, number: &SecretString) -> Result<()> {
        let query = sqlx::query(
            "update channels set number = $3 where organization_id = $1 and id = $2 and number is null",
        )
        .id(&channel.organization_id)
        .id(&channel.id)
        .bind(self.key().number_hash(number));
        self.write_count(query).await.map(drop)
    }
}
