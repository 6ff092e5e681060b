"""Which modules the sandbox's Asterisk loads: what a small office uses, no driver for hardware or a database."""

from collections.abc import Sequence
from pathlib import Path

_WANTED = (
    "app_amd", "app_attended_transfer", "app_blind_transfer", "app_bridgewait", "app_cdr", "app_celgenuserevent",
    "app_chan*",
    "app_controlplayback", "app_db", "app_dial", "app_directed_pickup", "app_echo", "app_exec", "app_mixmonitor",
    "app_originate", "app_playback", "app_playtones", "app_queue", "app_read", "app_record", "app_sayunixtime",
    "app_senddtmf", "app_softhangup", "app_stack", "app_system", "app_transfer", "app_userevent", "app_verbose",
    "app_voicemail", "app_waituntil", "app_while", "bridge_*", "cdr_csv", "cdr_sqlite3_custom",
    "cel_custom", "cel_sqlite3_custom", "chan_bridge_media", "chan_pjsip",
    "codec_a_mu", "codec_alaw", "codec_gsm", "codec_resample", "codec_ulaw", "format_gsm", "format_pcm",
    "format_sln", "format_wav", "func_base64", "func_callerid", "func_cdr", "func_channel", "func_cut", "func_db",
    "func_devstate", "func_dialplan", "func_env", "func_extstate", "func_global", "func_groupcount",
    "func_hangupcause", "func_logic", "func_math", "func_md5", "func_pjsip_*", "func_rand", "func_sha1",
    "func_sprintf", "func_strings", "func_timeout", "func_uri", "func_version", "pbx_config", "res_agi",
    "res_cdrel_custom",
    "res_clioriginate", "res_crypto", "res_musiconhold", "res_pjproject", "res_pjsip", "res_pjsip_acl",
    "res_pjsip_authenticator_digest", "res_pjsip_caller_id", "res_pjsip_diversion", "res_pjsip_dlg_options",
    "res_pjsip_dtmf_info", "res_pjsip_empty_info", "res_pjsip_endpoint_identifier_ip",
    "res_pjsip_endpoint_identifier_user", "res_pjsip_header_funcs", "res_pjsip_logger", "res_pjsip_nat",
    "res_pjsip_outbound_authenticator_digest", "res_pjsip_pubsub", "res_pjsip_refer", "res_pjsip_registrar",
    "res_pjsip_rfc3326", "res_pjsip_sdp_rtp", "res_pjsip_session", "res_rtp_asterisk", "res_sorcery_astdb",
    "res_sorcery_config", "res_sorcery_memory", "res_speech", "res_srtp", "res_timing_timerfd",
)  # fmt: skip
"""Names or patterns; each release has its own set (cel_custom writes through res_cdrel_custom from 22 on)."""


def loads(folder: Path, more: Sequence[str] = ()) -> str:
    """Return the `load` lines of modules.conf for the wanted modules, and `more` of them, that are in `folder`."""
    found = (path.name for pattern in (*_WANTED, *more) for path in sorted(folder.glob(f"{pattern}.so")))
    return "\n".join(f"load = {name}" for name in dict.fromkeys(found))
