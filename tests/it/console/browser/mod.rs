//! The pages: in a real Chromium, on a telephone and a computer, in both languages and both themes; and what
//! they tell browsers.

mod docs;
mod people;
mod protection;
