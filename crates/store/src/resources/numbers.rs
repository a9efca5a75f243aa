//! The numbers that channels connect: one of each in an organization, kept as keyed hashes.

use recado_core::OrganizationId;
use secrecy::SecretString;

use crate::error::StoreError;
use crate::resources::channels::{Channel, channel, channel_columns};
use crate::store::Store;

impl Store {
    /// Looks up the channel that connects a number.
    ///
    /// # Errors
    ///
    /// The database does not answer, or the row is corrupt.
    pub async fn channel_of_number(
        &self,
        organization: &OrganizationId,
        number: &SecretString,
    ) -> Result<Option<Channel>, StoreError> {
        let query = sqlx::query(concat!(
            "select ",
            channel_columns!(),
            " from channels where organization_id = $1 and number = $2"
        ))
        .bind(organization.as_str())
        .bind(self.key().number_hash(number));
        self.read_row(query)
            .await?
            .as_ref()
            .map(channel)
            .transpose()
    }

    /// Lists the channels whose number is not stored, oldest first.
    ///
    /// # Errors
    ///
    /// The database does not answer, or a row is corrupt.
    pub async fn channels_without_number(&self) -> Result<Vec<Channel>, StoreError> {
        let query = sqlx::query(concat!(
            "select ",
            channel_columns!(),
            " from channels where number is null order by created_at, id"
        ));
        self.read_rows(query).await?.iter().map(channel).collect()
    }

    /// Stores the number of a channel that has none; a change of the channel may have stored it meanwhile.
    ///
    /// # Errors
    ///
    /// [`StoreError::Conflict`] if another channel of the organization connects the number.
    pub async fn set_number(
        &self,
        channel: &Channel,
        number: &SecretString,
    ) -> Result<(), StoreError> {
        let query = sqlx::query(
            "update channels set number = $3 where organization_id = $1 and id = $2 and number is null",
        )
        .bind(channel.organization_id.as_str())
        .bind(channel.id.as_str())
        .bind(self.key().number_hash(number));
        self.write_count(query).await?;
        Ok(())
    }
}
