// Streams movement, heart rate and battery of a Bangle.js over its Nordic UART, as lines of text.
//
// It is sent to the watch when it connects, one line here being one whole statement, and lives in
// its memory until the link ends: the watch itself stays as it was. It can also be pasted into the
// web editor, or kept as an app.
//
// One line of text is one JSON object, ended by CR LF:
//   {"t":"a","i":7,"m":123456,"a":[-31,12,-1006]}   acceleration x, y, z in milli-g
//   {"t":"h","i":8,"m":123460,"b":72,"c":95}        heart rate in bpm (0: none), confidence in %
//   {"t":"p","i":9,"m":123470,"p":80}               battery in %
// "i" counts all lines from 0, so a gap tells what was lost. "m" is in ms since BF.start, measured
// on the watch. Both roll over at 2^32.
//
// BF.start(hz, heart): hz is 12.5, 25, 50 or 100; heart is 1 to measure the heart rate as well.
// BF.stop(): puts rate, power saving and heart sensor back. A lost link does the same.

if(global.BF){BF.stop();NRF.removeListener("disconnect",BF.stop);}
var BF={i:0,m:0,on:0,heart:0};
BF.line=function(t,s){Bluetooth.println('{"t":"'+t+'","i":'+BF.i+',"m":'+Math.round((getTime()-BF.m)*1000)%4294967296+','+s+'}');BF.i=(BF.i+1)%4294967296;};
BF.onAccel=function(a){BF.line("a",'"a":['+Math.round(a.x*1000)+','+Math.round(a.y*1000)+','+Math.round(a.z*1000)+']');};
BF.onHeart=function(h){BF.line("h",'"b":'+Math.round(h.bpm)+',"c":'+Math.round(h.confidence));};
BF.onPower=function(){BF.line("p",'"p":'+E.getBattery());};
// Standby, data rate (0x1b: 0 is 12.5 Hz, 1 is 25, 2 is 50, 3 is 100), on again; 4 g range stays.
BF.rate=function(hz){var c=hz>50?3:hz>25?2:hz>12.5?1:0;Bangle.accelWr(0x18,0x6c);Bangle.accelWr(0x1b,c?c|0x40:0);Bangle.accelWr(0x18,0xec);Bangle.setPollInterval(Math.round(1000/hz));};
BF.start=function(hz,heart){BF.stop();BF.i=0;BF.m=getTime();BF.on=1;BF.heart=heart;Bangle.setOptions({powerSave:false});BF.rate(hz);Bangle.on("accel",BF.onAccel);if(heart){Bangle.setHRMPower(1,"bf");Bangle.on("HRM",BF.onHeart);}BF.onPower();BF.power=setInterval(BF.onPower,60000);};
BF.stop=function(){if(!BF.on)return;BF.on=0;Bangle.removeListener("accel",BF.onAccel);clearInterval(BF.power);if(BF.heart){Bangle.removeListener("HRM",BF.onHeart);Bangle.setHRMPower(0,"bf");}BF.rate(12.5);Bangle.setOptions({powerSave:true});};
NRF.on("disconnect",BF.stop);
