// The emoji that shortcodes such as :tada: stand for; an unknown code stays as it was written.

const TABLE = `
+1 👍 thumbsup 👍 -1 👎 thumbsdown 👎 wave 👋 clap 👏 pray 🙏 raised_hands 🙌 eyes 👀 ok_hand 👌 point_right 👉 point_left 👈
point_up ☝️ point_down 👇 muscle 💪 handshake 🤝 writing_hand ✍️ smile 😄 slightly_smiling_face 🙂 grinning 😀 joy 😂 wink 😉
thinking_face 🤔 worried 😟 cry 😢 sob 😭 confused 😕 sweat_smile 😅 sunglasses 😎 heart ❤️ tada 🎉 sparkles ✨ fire 🔥 rocket 🚀
star ⭐ bulb 💡 zap ⚡ white_check_mark ✅ heavy_check_mark ✔️ ballot_box_with_check ☑️ x ❌ heavy_multiplication_x ✖️
no_entry ⛔ no_entry_sign 🚫 warning ⚠️ rotating_light 🚨 exclamation ❗ question ❓ information_source ℹ️ bell 🔔 no_bell 🔕
hourglass ⌛ hourglass_flowing_sand ⏳ alarm_clock ⏰ stopwatch ⏱️ clock1 🕐 clock9 🕘 calendar 📆 date 📅 spiral_calendar_pad 🗓️
lock 🔒 unlock 🔓 key 🔑 lower_left_ballpoint_pen 🖊️ pencil 📝 pencil2 ✏️ memo 📝 clipboard 📋 bar_chart 📊
chart_with_upwards_trend 📈 chart_with_downwards_trend 📉 page_facing_up 📄 page_with_curl 📃 scroll 📜 books 📚 bookmark 🔖
file_folder 📁 open_file_folder 📂 package 📦 inbox_tray 📥 outbox_tray 📤 email 📧 envelope ✉️ link 🔗 paperclip 📎 pushpin 📌
round_pushpin 📍 triangular_flag_on_post 🚩 mag 🔍 gear ⚙️ wrench 🔧 hammer_and_wrench 🛠️ shield 🛡️ microscope 🔬 test_tube 🧪
petri_dish 🧫 dna 🧬 pill 💊 syringe 💉 factory 🏭 label 🏷️ truck 🚚 house 🏠 office 🏢 globe_with_meridians 🌐
red_circle 🔴 large_orange_circle 🟠 large_yellow_circle 🟡 large_green_circle 🟢 large_blue_circle 🔵 white_circle ⚪ black_circle ⚫
large_red_square 🟥 large_orange_square 🟧 large_yellow_square 🟨 large_green_square 🟩 small_blue_diamond 🔹 large_blue_diamond 🔷
arrow_right ➡️ arrow_left ⬅️ arrow_up ⬆️ arrow_down ⬇️ arrows_counterclockwise 🔄 repeat 🔁 leftwards_arrow_with_hook ↩️
speech_balloon 💬 busts_in_silhouette 👥 bust_in_silhouette 👤 robot_face 🤖 checkered_flag 🏁 new 🆕 sos 🆘 stop_sign 🛑
heavy_plus_sign ➕ heavy_minus_sign ➖ one 1️⃣ two 2️⃣ three 3️⃣ construction 🚧 black_square_button 🔲 white_large_square ⬜`
  .trim().split(/\s+/);

const EMOJI = new Map();
for (let i = 0; i < TABLE.length; i += 2) EMOJI.set(TABLE[i], TABLE[i + 1]);

export const emojiOf = (code) => EMOJI.get(code) ?? `:${code}:`;
export const withEmoji = (text) => text.replace(/:([a-z0-9_+-]+):/g, (whole, code) => EMOJI.get(code) ?? whole);
