//! People: users, sessions, and the pages in a browser.

mod browser;
mod sessions;
mod sign_in;
mod user_command;
mod users;
