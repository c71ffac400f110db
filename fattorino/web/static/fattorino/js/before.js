/* Read before the bundle: keeps video.js from inserting a style element, which the CSP forbids. */
window.VIDEOJS_NO_DYNAMIC_STYLE = true;
