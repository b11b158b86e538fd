//! Messaging platforms on loopback against a real server: nothing lost, nothing doubled, forged ones refused.

#[path = "channels/crash.rs"]
mod crash;
#[path = "channels/desk.rs"]
mod desk;
#[path = "channels/driver.rs"]
mod driver;
#[path = "channels/platform.rs"]
mod platform;
#[path = "channels/platforms.rs"]
mod platforms;
#[path = "channels/setup.rs"]
mod setup;
#[path = "channels/streams.rs"]
mod streams;
mod support;
#[path = "channels/wechat.rs"]
mod wechat;
