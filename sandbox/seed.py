"""The posts that the accounts have at the start."""

from __future__ import annotations

from datetime import timedelta

from sandbox.config import SandboxChannel
from sandbox.world import Entry, World

# By the part of the channel's key after the platform; (hours ago, picture, text), the oldest first.
INSTITUTION = (
    (
        53,
        "waste",
        "🗑️ Evsel atık toplama günleri: Saadetdere, Fatih ve Mevlana mahallelerinde pazartesi, çarşamba, "
        "cuma; İncirtepe, Pınar ve Yenikent mahallelerinde salı, perşembe, cumartesi. Atıklarınızı "
        "20.00'den sonra ağzı bağlı poşetlerle bırakmanızı rica ederiz.",
    ),
    (
        27,
        "road",
        "🚧 Doğan Araslı Bulvarı'nda asfalt yenileme çalışmamız bu gece 23.00'te başlıyor, sabah 06.00'da "
        "tamamlanacak. Sürücülerimizin alternatif yolları kullanmasını rica ederiz.",
    ),
    (
        4,
        "park",
        "🌳 Çınar Mahallesi'ndeki yeni parkımız kapılarını açtı: çocuk oyun alanı, yürüyüş yolu, basketbol "
        "sahası ve 120 yeni ağaç. Açılış şenliği cumartesi 14.00'te, hepinizi bekliyoruz.",
    ),
)
MAYOR = (
    (
        45,
        "market",
        "Bu sabah Yenikent Mahallesi'nde esnafımızla kahvaltıdaydım. Kaldırım ve otopark taleplerinizi tek "
        "tek not aldık; çalışma takvimini önümüzdeki hafta buradan paylaşacağım.",
    ),
    (
        6,
        "concert",
        "Cuma akşamı 20.30'da Esenyurt Meydanı'nda ücretsiz yaz konserimiz var. 🎶 Komşunuzu da alın gelin, "
        "birlikte söyleyelim.",
    ),
)
PICTURES = "https://pictures.example/esenyurt"


def add_posts(world: World) -> None:
    """Add the posts of every account except WhatsApp, if they are missing. Their ids never change."""
    for channel in world.channels:
        if channel.platform == "whatsapp":
            continue
        texts = MAYOR if channel.key.endswith("baskan") else INSTITUTION
        for place, (hours, scene, text) in enumerate(texts, start=1):
            id = _id(channel, place)
            if world.find(channel.platform, id) is not None:
                continue
            picture = {
                "id": f"99{_id(channel, place)[-8:]}",
                "url": f"{PICTURES}/{scene}.jpg",
                "mime": "image/jpeg",
                "scene": scene,
            }
            world.add(
                Entry(
                    id=id,
                    platform=channel.platform,
                    kind="post",
                    channel=channel.key,
                    author=channel.external_id,
                    ours=True,
                    text=text,
                    sent_at=world.clock.now() - timedelta(hours=hours),
                    root=id,
                    media=[] if channel.platform == "x" else [picture],
                )
            )


def _id(channel: SandboxChannel, place: int) -> str:
    """An id in the platform's format, lower than those of later entries."""
    last = channel.external_id[-4:]
    if channel.platform == "x":
        return f"19{last}00000000000{place:02d}"
    if channel.platform == "facebook":
        return f"{channel.external_id}_1000000{last}{place:02d}"
    return f"1790000{last}{place:06d}"
