//! `/api`: the part of the sandbox that imitates Omnisend.

mod admission;
mod batches;
mod contacts;
mod dispatch;
mod paging;
mod request;
mod segments;
mod server;
mod shape;
mod tags;

pub(crate) use server::answer;
